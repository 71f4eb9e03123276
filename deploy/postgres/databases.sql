-- One database for each service that keeps rows; runs once, on an empty volume.
CREATE DATABASE books;
CREATE DATABASE authors;
CREATE DATABASE genres;
CREATE DATABASE lendings;
CREATE DATABASE users;
CREATE DATABASE sagas;
