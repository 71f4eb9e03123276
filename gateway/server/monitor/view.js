// Elements, and how things look. Text is only ever set as text.

/** An element with properties and children. */
export function h(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties.props ?? {});
  for (const [name, value] of Object.entries(properties)) {
    if (name !== 'props' && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const by = (id) => document.getElementById(id);

/** Fills an element, unless it shows the same already: what has the focus keeps it. */
export function fill(element, key, children) {
  const shown = JSON.stringify(key);
  if (element.dataset.shown === shown) return;
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  element.dataset.shown = shown;
  element.replaceChildren(...children());
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

/** A duration in ISO 8601, in seconds. */
export function seconds(length) {
  const [, days, hours, minutes, rest] = /^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(length) ?? [];
  return Number(days ?? 0) * 86400 + Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(rest ?? 0);
}

export function length(duration) {
  if (duration === null) return 'unknown';
  const s = seconds(duration);
  if (s < 60) return `${s.toFixed(1)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  return s < 172800 ? `${(s / 3600).toFixed(1)} h` : `${Math.floor(s / 86400)} days`;
}

export const time = (instant) => new Date(instant).toLocaleTimeString([], { hour12: false });
export const day = (instant) => `${new Date(instant).toLocaleDateString()} ${time(instant)}`;

const LOOKS = {
  good: ['COMPLETED', 'DONE'],
  busy: ['RUNNING', 'DOING', 'ABANDONING'],
  odd: ['COMPENSATING', 'COMPENSATED', 'UNDOING', 'UNDONE'],
  bad: ['STUCK', 'FAILED', 'REFUSED'],
};
export const look = (word) => Object.keys(LOOKS).find((name) => LOOKS[name].includes(word)) ?? '';
export const badge = (word, as = look(word)) => h('span', { class: `badge ${as}` }, word.toLowerCase());
