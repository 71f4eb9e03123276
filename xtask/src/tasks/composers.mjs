// composers.mjs NODE_MODULES PACKAGE FOLDER: composes the subgraphs of a folder several times with a package that is installed,
// parsing included, and prints the first and the best time in milliseconds as JSON; nothing if it is not installed.
// It runs on a thread with a large stack: on Node's own, both packages end with `Maximum call stack size exceeded` at 50 subgraphs.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Worker, isMainThread } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

const TIMES = 7;
const STACK_MB = 256;

if (isMainThread) {
  const worker = new Worker(fileURLToPath(import.meta.url), {
    argv: process.argv.slice(2),
    resourceLimits: { stackSizeMb: STACK_MB, maxOldGenerationSizeMb: 8192 },
  });
  worker.on('error', (error) => {
    console.error(`Error: ${error.message}`);
    process.exitCode = 1;
  });
} else {
  compare(...process.argv.slice(2));
}

function compare(modules, name, folder) {
  const require = createRequire(path.join(path.resolve(modules), 'composers.js'));
  const installed = (() => {
    try {
      return require.resolve(name);
    } catch {
      return undefined;
    }
  })();
  if (!installed) return;
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
}
