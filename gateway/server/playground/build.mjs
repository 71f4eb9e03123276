// Bundles the playground into dist/: fixed names, each file gzipped, and a version made of their contents.
//
//     npm ci && npm run build
//
// dist/ is committed, so that building the gateway needs neither npm nor a network. The version stands in every asset's
// address, which lets browsers keep the assets for good.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const shared = {
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};

const page = await build({
  ...shared,
  entryPoints: { main: 'src/main.jsx' },
  outdir: 'dist',
  format: 'esm',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  // Icons and fonts travel inside the style sheet; the WebSocket client is loaded only when a page asks for it.
  loader: { '.ttf': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl', '.svg': 'dataurl' },
  external: ['graphql-ws'],
});
const workers = await build({
  ...shared,
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
  },
  outdir: 'dist',
  format: 'iife',
});

const files = [...page.outputFiles, ...workers.outputFiles]
  .map(({ path, contents }) => ({ name: path.slice(path.lastIndexOf('/') + 1), contents }))
  .concat({ name: 'licences.txt', contents: licences(page.metafile, workers.metafile) })
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const packed = files.map(({ name, contents }) => ({ name: `${name}.gz`, contents: gzipSync(contents, { level: 9 }) }));

const hash = createHash('sha256');
for (const { contents } of packed) hash.update(contents);

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
for (const { name, contents } of packed) {
  writeFileSync(`dist/${name}`, contents);
  console.log(`${name}  ${contents.length}`);
}
writeFileSync('dist/index.html', readFileSync('src/index.html'));
writeFileSync('dist/version', hash.digest('hex').slice(0, 16));
console.log(`total  ${packed.reduce((sum, { contents }) => sum + contents.length, 0)}`);

/** The licence texts of every package that has code in the bundle. */
function licences(...metafiles) {
  const folders = new Set();
  for (const { inputs } of metafiles) {
    for (const input of Object.keys(inputs)) {
      const folder = input.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0];
      if (folder) folders.add(folder);
    }
  }
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : ''}\n`;
  });
  return Buffer.from(texts.join(`\n${'-'.repeat(80)}\n\n`));
}
