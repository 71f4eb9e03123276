// The page: GraphiQL against the gateway that served it. What the gateway wants to say comes in the page's data block.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import './page.css';

// Each editor language runs in a worker of its own, from a file beside this one.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = label === 'json' || label === 'graphql' ? label : 'editor';
    return new Worker(new URL(`./${name}.worker.js`, import.meta.url), { name: label });
  },
};

const settings = JSON.parse(document.getElementById('settings').textContent);
const fetcher = createGraphiQLFetcher({ url: new URL(settings.endpoint, location.href).href });

createRoot(document.getElementById('playground')).render(
  <GraphiQL fetcher={fetcher} defaultQuery={settings.defaultQuery} shouldPersistHeaders={false}>
    <GraphiQL.Logo>Octavo</GraphiQL.Logo>
  </GraphiQL>,
);
