// The gateway's graph: queries and mutations as JSON, subscriptions as GraphQL over SSE.

/** What brought no answer: the gateway, or an error that it told. */
export class Failure extends Error {}

const headers = (token, accept) => ({
  accept,
  'content-type': 'application/json',
  ...(token ? { authorization: `Bearer ${token}` } : {}),
});

const request = (token, accept, query, variables, signal) =>
  fetch('/graphql', { method: 'POST', headers: headers(token, accept), body: JSON.stringify({ query, variables }), signal })
    .catch((error) => { throw signal?.aborted ? error : new Failure('The gateway does not answer.'); });

const told = (errors) => errors.map((error) => error.message).join('; ');

/** The data of an answer, and what it says of the parts that are missing. */
export async function ask(token, query, variables) {
  const answer = await request(token, 'application/json', query, variables);
  const body = await answer.json().catch(() => { throw new Failure(`The gateway answers with ${answer.status} and no JSON.`); });
  if (!body.data) throw new Failure(told(body.errors ?? [{ message: `status ${answer.status}` }]));
  return { data: body.data, missing: body.errors ? told(body.errors) : null };
}

/** Calls `next` with the data of each event; resolves when the subscription has ended, and fails when it breaks off. */
export async function follow(token, query, variables, signal, next) {
  const answer = await request(token, 'text/event-stream', query, variables, signal);
  if (!answer.ok || !answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    throw new Failure(`The subscription is refused with ${answer.status}.`);
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ''; ;) {
    const { value, done } = await reader.read();
    if (done) throw new Failure('The subscription broke off.');
    const events = (rest + value).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      if (event.startsWith('event: complete')) return;
      const data = event.split('\n').find((line) => line.startsWith('data:'));
      const body = data && JSON.parse(data.slice('data:'.length));
      if (body?.errors && !body.data) throw new Failure(told(body.errors));
      if (body?.data) next(body.data);
    }
  }
}
