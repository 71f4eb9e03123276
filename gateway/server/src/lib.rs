//! GraphQL over HTTP: the request pipeline and the playground.
