// composers.mjs NODE_MODULES PACKAGE FOLDER: composes the subgraphs of a folder several times with a package that is installed,
// parsing included, and prints the first and the best time in milliseconds as JSON; nothing if it is not installed.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const TIMES = 7;
const [modules, name, folder] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), 'composers.js'));
const installed = (() => {
  try {
    return require.resolve(name);
  } catch {
    process.exit(0);
  }
})();
const { composeServices } = require(installed);
const { parse } = require('graphql');

const texts = readdirSync(folder).map((file) => [path.parse(file).name, readFileSync(path.join(folder, file), 'utf8')]);
const times = Array.from({ length: TIMES }, () => {
  const start = performance.now();
  const services = texts.map(([service, sdl]) => ({ name: service, url: '', typeDefs: parse(sdl) }));
  const { errors, supergraphSdl } = composeServices(services);
  if (!supergraphSdl) throw new Error(`${name} does not compose the graph: ${errors?.[0]?.message}`);
  return performance.now() - start;
});
console.log(JSON.stringify({ first: times[0], best: Math.min(...times) }));
