// The monitor: sagas, the lag between services, and dead letters, from the graph of the gateway that serves this page.
import { ask, follow } from './graph.js';
import { badge, by, day, fill, h, length, look, time } from './view.js';

const PHASES = ['RUNNING', 'COMPENSATING', 'STUCK', 'COMPENSATED', 'COMPLETED'];
const LOOK_MS = 2000;

const PROBLEM = 'problem { message }';
const SAGA = `id __typename phase remaining startedAt updatedAt ${PROBLEM} warnings { message }
  steps { name service status attempts startedAt changedAt dueAt ${PROBLEM} }`;
const COUNTS = `query { ${PHASES.map((phase) => `${phase}: sagas(first: 100, filter: { phase: ${phase} }) {
  edges { node { id } } pageInfo { hasNextPage } }`).join(' ')} }`;
const SAGAS = `query($phase: SagaPhase) { sagas(first: 50, filter: { phase: $phase }) { edges { node { ${SAGA} } } } }`;
const one = () => `query($id: ID!) { saga(id: $id) { ${SAGA} ${effects()} } }`;
const progress = () => `subscription($id: ID!) { sagaProgress(id: $id) { version saga { ${SAGA} ${effects()} } } }`;
const EDGES = 'from to consumer kind behind waiting parked oldestParked dead healthy';
const CONSISTENCY = `query { consistency { edges { ${EDGES} } services { name away outbox oldest stuck } } }`;
const LAG = `subscription { consistencyLag { ${EDGES} } }`;
const LETTERS = `query { deadLetters(first: 100) { away moreIn pageInfo { hasNextPage }
  edges { node { id service consumer source stream seq body reason attempts diedAt behind } } } }`;
const PROBLEMS = 'problems { message }';
const ACTIONS = {
  cancelSaga: 'mutation($id: ID!, $key: String!) { done: cancelSaga(id: $id, idempotencyKey: $key) { problems { message } } }',
  retrySaga: 'mutation($id: ID!, $key: String!) { done: retrySaga(id: $id, idempotencyKey: $key) { problems { message } } }',
  resolveStuckSaga: `mutation($id: ID!, $key: String!, $resolution: StuckSagaResolution!) {
    done: resolveStuckSaga(id: $id, resolution: $resolution, idempotencyKey: $key) { ${PROBLEMS} } }`,
  replayDeadLetter: `mutation($id: ID!, $key: String!, $body: String) {
    done: replayDeadLetter(id: $id, body: $body, idempotencyKey: $key) { ${PROBLEMS} } }`,
  discardDeadLetter: `mutation($id: ID!, $key: String!) { done: discardDeadLetter(id: $id, idempotencyKey: $key) { ${PROBLEMS} } }`,
};
const FIELDS = 'query { q: __type(name: "Query") { fields { name } } m: __type(name: "Mutation") { fields { name } } '
  + 's: __type(name: "Subscription") { fields { name } } g: __type(name: "Saga") { fields { name } } }';

const state = { token: sessionStorage.getItem('octavo:token') ?? '', phase: '', chosen: null, sagas: [], known: null, wrong: {} };

/** Says what is wrong in one part of the page; null takes it back. */
function say(part, message) {
  state.wrong[part] = message;
  const messages = Object.entries(state.wrong).filter(([, text]) => text);
  fill(by('alerts'), messages, () => [...new Set(messages.map(([, text]) => text))].map((text) => h('p', {}, text)));
}

function note(part, message) {
  by(`${part}-note`).textContent = message ?? '';
  by(`${part}-note`).hidden = !message;
}

/** What services made of their steps, as far as this supergraph says so. */
const effects = () => [...(state.known?.g ?? [])].filter(isEffects).map((field) => `${field} { step state at }`).join(' ');
const isEffects = (field) => field.startsWith('effectsIn');

const has = (kind, field) => state.known === null || state.known[kind].has(field);

/** Asks the graph; what goes wrong is said, and gives null. */
async function told(part, query, variables) {
  try {
    const { data, missing } = await ask(state.token, query, variables);
    say(part, missing && `${part}: ${missing}`);
    return data;
  } catch (error) {
    say(part, error.message);
    return null;
  }
}

/** Which of the fields that this page needs the supergraph has; null if it does not tell. */
async function discover() {
  const names = (type) => new Set((type?.fields ?? []).map((field) => field.name));
  try {
    const { data } = await ask(state.token, FIELDS);
    state.known = { q: names(data.q), m: names(data.m), s: names(data.s), g: names(data.g) };
  } catch {
    // Without introspection each part finds out by asking.
    state.known = null;
  }
  const lacks = (part, field) => !has('q', field) && note(part, `This supergraph has no \`${field}\`: the \`sagas\` subgraph is not part of it, or is older.`);
  lacks('sagas', 'sagas');
  lacks('edges', 'consistency');
  lacks('letters', 'deadLetters');
  by('edges-table').hidden = !has('q', 'consistency');
}

/** A new idempotency key; `crypto.randomUUID` is there over HTTPS only. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function act(button, name, variables) {
  button.disabled = true;
  const data = await told('action', ACTIONS[name], { ...variables, key: newKey() }).finally(() => {
    button.disabled = false;
  });
  if (!data) return;
  say('action', data.done.problems.map((problem) => problem.message).join('; ') || null);
  await Promise.all([sagas(), letters()]);
}

function action(words, name, variables, looks = '') {
  const button = h('button', { type: 'button', class: looks, 'data-key': `${name}${variables.resolution ?? ''}` }, words);
  button.addEventListener('click', () => act(button, name, variables));
  return has('m', name) ? button : null;
}

/** A button for what cannot be taken back: the first click only asks. */
function sure(words, asked, name, variables) {
  const button = h('button', { type: 'button', 'data-key': `${name}${variables.resolution ?? ''}` }, words);
  button.addEventListener('click', () => {
    if (button.dataset.sure) return void act(button, name, variables);
    button.dataset.sure = 'yes';
    button.textContent = asked;
  });
  button.addEventListener('blur', () => { delete button.dataset.sure; button.textContent = words; });
  return has('m', name) ? button : null;
}

function actions(saga) {
  const { id, phase } = saga;
  return [
    ['RUNNING', 'COMPENSATING'].includes(phase) ? action('Retry now', 'retrySaga', { id }) : null,
    ['RUNNING', 'STUCK'].includes(phase) ? action('Cancel', 'cancelSaga', { id }) : null,
    phase === 'STUCK' ? action('Try again', 'resolveStuckSaga', { id, resolution: 'AGAIN' }, 'main') : null,
    phase === 'STUCK' ? sure('Settled by hand', 'Settled for good', 'resolveStuckSaga', { id, resolution: 'SETTLED' }) : null,
  ];
}

function step({ name, service, status, attempts, startedAt, changedAt, dueAt, problem }, made) {
  const own = made.find((effect) => effect.step === name);
  const tries = attempts > 1 ? `, asked ${attempts} times` : '';
  const when = [startedAt && `from ${time(startedAt)}`, changedAt && `${status.toLowerCase()} at ${time(changedAt)}`,
    dueAt && `asked again at ${time(dueAt)}`].filter(Boolean).join(', ');
  return h('li', { class: look(status) }, h('strong', {}, name), ` in ${service} `, badge(status),
    h('div', {}, h('small', {}, `${when || 'not begun'}${tries}`)),
    own ? h('div', {}, h('small', {}, `its service says: ${own.state.toLowerCase()} at ${time(own.at)}`)) : null,
    problem ? h('p', { class: 'problem' }, problem.message) : null);
}

function showSaga(saga) {
  const said = [saga.problem, ...saga.warnings].filter(Boolean);
  const made = Object.entries(saga).flatMap(([field, value]) => (isEffects(field) && value) || []);
  fill(by('saga'), saga, () => [
    h('header', {}, h('h3', {}, kind(saga)), badge(saga.phase)),
    h('p', { class: 'note' }, h('code', {}, saga.id)),
    h('p', { class: 'note' }, `Begun ${day(saga.startedAt)}, changed ${day(saga.updatedAt)}`),
    said.map((problem) => h('p', { class: 'problem' }, problem.message)),
    h('ol', { class: 'timeline' }, saga.steps.map((run) => step(run, made))),
    h('div', { class: 'actions' }, actions(saga)),
  ]);
}

const kind = (saga) => saga.__typename.replace(/Saga$/, '');

function showSagas() {
  const wanted = by('find').value.trim().toLowerCase();
  const shown = state.sagas.filter((saga) => JSON.stringify(saga).toLowerCase().includes(wanted));
  fill(by('sagas'), [shown, state.chosen], () => shown.map((saga) => {
    const button = h('button', { type: 'button', 'aria-pressed': saga.id === state.chosen, 'data-key': saga.id },
      h('span', {}, kind(saga), h('small', {}, `begun ${day(saga.startedAt)}`)), badge(saga.phase));
    button.addEventListener('click', () => choose(saga));
    return h('li', {}, button);
  }));
  if (has('q', 'sagas')) note('sagas', shown.length ? null : 'No saga is here.');
}

async function sagas() {
  if (!has('q', 'sagas')) return;
  const [counts, list] = await Promise.all([told('counts', COUNTS), told('sagas', SAGAS, { phase: state.phase || null })]);
  if (counts) {
    const number = ({ edges, pageInfo }) => `${edges.length}${pageInfo.hasNextPage ? '+' : ''}`;
    fill(by('phases'), [counts, state.phase], () => PHASES.filter((phase) => counts[phase]).map((phase) => {
      const button = h('button', { type: 'button', 'data-key': phase, 'aria-pressed': phase === state.phase },
        h('strong', {}, number(counts[phase])), badge(phase));
      button.addEventListener('click', () => setPhase(state.phase === phase ? '' : phase));
      return h('li', {}, button);
    }));
  }
  if (list?.sagas) {
    state.sagas = list.sagas.edges.map((edge) => edge.node);
    showSagas();
  }
  if (state.chosen && !state.isFollowed) {
    const found = await told('saga', one(), { id: state.chosen });
    if (found?.saga?.id === state.chosen) showSaga(found.saga);
  }
}

function setPhase(phase) {
  state.phase = by('phase').value = phase;
  sagas();
}

/** Shows a saga, and follows it as long as it is chosen and moves. */
async function choose(saga) {
  state.following?.abort();
  const following = state.following = new AbortController();
  state.chosen = saga.id;
  showSagas();
  showSaga(saga);
  if (!has('s', 'sagaProgress')) return;
  state.isFollowed = true;
  await follow(state.token, progress(), { id: saga.id }, following.signal, (data) => {
    if (data.sagaProgress?.saga && state.following === following) showSaga(data.sagaProgress.saga);
  }).catch(() => {});
  // Polled from now on: it has settled, or the stream is away.
  if (state.following === following) state.isFollowed = false;
}

function showEdges(edges) {
  fill(by('edges'), edges, () => edges.map((edge) => h('tr', {},
    h('td', {}, edge.from), h('td', {}, edge.to === edge.consumer ? edge.to : `${edge.to} (${edge.consumer})`),
    h('td', {}, edge.kind.toLowerCase()), h('td', { class: 'number' }, length(edge.behind)),
    h('td', { class: 'number' }, `${edge.waiting}`),
    h('td', { class: 'number' }, edge.parked ? `${edge.parked}, ${length(edge.oldestParked)}` : '0'),
    h('td', { class: 'number' }, `${edge.dead}`),
    h('td', {}, edge.healthy ? badge('healthy', 'good') : badge(edge.parked || edge.dead ? 'held up' : 'behind', 'bad')))));
}

async function consistency() {
  if (!has('q', 'consistency')) return;
  const found = (await told('consistency', CONSISTENCY))?.consistency;
  if (!found) return;
  if (!state.isLive) showEdges(found.edges);
  note('edges', found.edges.length ? null : 'No service hears another.');
  fill(by('services'), found.services, () => found.services.map(({ name, away, outbox, oldest, stuck }) => {
    const waits = outbox ? `${outbox} to leave, for ${length(oldest)}` : 'nothing to leave';
    return h('li', {}, badge(away ? `${name}: away` : `${name}: ${waits}${stuck ? `, ${stuck} stuck` : ''}`, away || stuck ? 'bad' : outbox ? 'busy' : 'good'));
  }));
}

/** The body laid out, if that leaves it the same: a number may be too large for this language. */
function pretty(body) {
  try {
    const value = JSON.parse(body);
    return JSON.stringify(value) === body ? JSON.stringify(value, null, 2) : body;
  } catch { return body; }
}

/** A letter that was replayed and has died again is another one, with another body perhaps. */
const death = ({ id, attempts, body, reason }) => JSON.stringify([id, attempts, body.length, reason]);

function letter(found) {
  const shown = pretty(found.body);
  const text = h('textarea', { 'aria-label': 'Body', spellcheck: 'false', props: { value: shown } });
  const replay = h('button', { type: 'button', class: 'main' }, 'Replay');
  replay.addEventListener('click', () => {
    // A body that nobody has edited stays as it lies there.
    const body = text.value === shown ? null : text.value;
    act(replay, 'replayDeadLetter', { id: found.id, body });
  });
  const discard = sure('Discard', 'Discard for good', 'discardDeadLetter', { id: found.id });
  return h('details', { 'data-letter': death(found) },
    h('summary', {}, `${found.stream}, number ${found.seq} of ${found.source}, in ${found.service} `, found.behind ? badge(`${found.behind} behind`, 'bad') : null,
      h('div', {}, h('small', {}, `since ${day(found.diedAt)}, tried ${found.attempts === 1 ? 'once' : `${found.attempts} times`}`))),
    h('p', { class: 'problem' }, found.reason), text, h('div', { class: 'actions' }, replay, discard));
}

async function letters() {
  if (!has('q', 'deadLetters')) return;
  const found = (await told('dead letters', LETTERS))?.deadLetters;
  if (!found) return;
  const [list, nodes] = [by('letters'), found.edges.map((edge) => edge.node)];
  const ids = new Set(nodes.map(death));
  // What somebody edits stays as it is.
  for (const shown of [...list.children]) if (!ids.has(shown.dataset.letter)) shown.remove();
  const known = new Set([...list.children].map((shown) => shown.dataset.letter));
  list.append(...nodes.filter((node) => !known.has(death(node))).map(letter));
  const notes = [
    nodes.length ? null : 'There are none.',
    found.away.length ? `These services do not answer, and their letters are not here: ${found.away.join(', ')}.` : null,
    found.moreIn.length || found.pageInfo.hasNextPage ? 'There are more than are shown; they come when these are mended.' : null,
  ];
  note('letters', notes.filter(Boolean).join(' '));
}

function setMode() {
  const isAway = Object.values(state.wrong).some((text) => text?.startsWith('The gateway'));
  const mode = isAway ? 'away' : state.isLive ? 'live' : 'polling';
  by('mode').dataset.mode = mode;
  if (by('mode').textContent !== mode) by('mode').textContent = mode;
}

/** Follows the edges for ever; while that fails, they are polled. */
async function followEdges() {
  const following = state.lag = new AbortController();
  while (!following.signal.aborted && has('s', 'consistencyLag')) {
    await follow(state.token, LAG, {}, following.signal, (data) => {
      state.isLive = true;
      if (data.consistencyLag) showEdges(data.consistencyLag);
    }).catch(() => {});
    state.isLive = false;
    await new Promise((resume) => { setTimeout(resume, LOOK_MS); });
  }
}

async function lookOn() {
  for (;;) {
    if (!document.hidden) await Promise.all([sagas(), consistency(), letters()]);
    setMode();
    await new Promise((resume) => { setTimeout(resume, LOOK_MS); });
  }
}

by('token').value = state.token;
by('token').addEventListener('change', async () => {
  state.token = by('token').value.trim();
  sessionStorage.setItem('octavo:token', state.token);
  state.lag?.abort();
  await discover();
  followEdges();
});
by('phase').append(...PHASES.map((phase) => h('option', { value: phase }, phase.toLowerCase())));
by('phase').addEventListener('change', () => setPhase(by('phase').value));
by('find').addEventListener('input', showSagas);
await discover();
followEdges();
lookOn();
