// Keyboard: one listener, bindings registered by whoever is on screen, the newest first. Single
// letters never act in a text field, while an input method composes, or when the user has switched
// them off (WCAG 2.1.4). Letters come from event.code when an input method hides event.key.
import { useEffect, useRef } from 'react';
import { pref } from '@/ui/prefs.ts';

export type Binding = {
  /** "a", "Shift+i", "g t", "/", "?", "Space", "Enter", "Escape", "Ctrl+k" */
  key: string;
  /** Text for the list under `?`. */
  label: string;
  group: string;
  run: (event: KeyboardEvent) => void;
  /** Also acts while a text field has the focus (Ctrl K, Escape). */
  inField?: boolean;
};

type Layer = { id: number; bindings: () => Binding[]; modal: boolean };

const layers: Layer[] = [];
let nextId = 1;
let pending: { prefix: string; until: number } | null = null;
const kSequenceMs = 1200;

export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement) {
    return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type);
  }
  return false;
}

/** The name of the key as bindings write it, or null when it is only a modifier. */
export function keyName(event: KeyboardEvent): string | null {
  let key = event.key;
  if (['Shift', 'Control', 'Alt', 'Meta', 'Dead', 'CapsLock'].includes(key)) return null;
  if (key === ' ') key = 'Space';
  const code = /^Key([A-Z])$/.exec(event.code);
  if (code?.[1] && (key.length !== 1 || !/[a-z]/i.test(key))) key = code[1];
  const letter = key.length === 1 && /[a-z]/i.test(key);
  if (letter) key = key.toLowerCase();
  const shift = event.shiftKey && (letter || key.length > 1) ? 'Shift+' : '';
  const ctrl = event.ctrlKey || event.metaKey ? 'Ctrl+' : '';
  return `${ctrl}${shift}${key}`;
}

function isCharacter(binding: string): boolean {
  return !/^(Ctrl\+|Enter$|Escape$|Space$|Arrow|Home$|End$|Page)/.test(binding);
}

export function singleKeysOn(): boolean {
  return pref('keys') !== 'off';
}

function find(name: string, field: boolean): Binding | undefined {
  for (let at = layers.length - 1; at >= 0; at -= 1) {
    const layer = layers[at];
    if (!layer) continue;
    const found = layer.bindings().find((b) => b.key === name && (!field || b.inField));
    if (found) return found;
    if (layer.modal) return undefined;
  }
  return undefined;
}

function hasPrefix(name: string): boolean {
  for (let at = layers.length - 1; at >= 0; at -= 1) {
    const layer = layers[at];
    if (layer?.bindings().some((b) => b.key.startsWith(`${name} `))) return true;
    if (layer?.modal) return false;
  }
  return false;
}

/** A focused control keeps the keys that already mean something to it. */
function ownedByControl(name: string, target: EventTarget | null): boolean {
  if (name !== 'Enter' && name !== 'Space') return false;
  return (
    target instanceof HTMLElement &&
    target.closest(
      'button,a[href],input,select,textarea,summary,[role="menuitem"],[role="tab"]',
    ) !== null
  );
}

export function handleKey(event: KeyboardEvent) {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented || event.altKey) return;
  const name = keyName(event);
  if (!name) return;
  const field = isTextField(event.target);
  if (ownedByControl(name, event.target)) return;
  if (isCharacter(name) && !field && !singleKeysOn()) return;

  if (pending && !field) {
    const sequence = `${pending.prefix} ${name}`;
    const fresh = performance.now() < pending.until;
    pending = null;
    const binding = fresh ? find(sequence, false) : undefined;
    if (binding) {
      event.preventDefault();
      binding.run(event);
      return;
    }
  }
  const binding = find(name, field);
  if (binding) {
    event.preventDefault();
    binding.run(event);
    return;
  }
  if (!field && hasPrefix(name)) {
    pending = { prefix: name, until: performance.now() + kSequenceMs };
    event.preventDefault();
  }
}

let listening = false;

function listen() {
  if (listening) return;
  listening = true;
  document.addEventListener('keydown', handleKey);
}

/** Registers bindings while the component is mounted. A modal layer hides those below it. */
export function useKeys(bindings: Binding[], options: { modal?: boolean; on?: boolean } = {}) {
  const latest = useRef(bindings);
  latest.current = bindings;
  const { modal = false, on = true } = options;
  useEffect(() => {
    if (!on) return;
    listen();
    const layer: Layer = { id: nextId++, bindings: () => latest.current, modal };
    layers.push(layer);
    return () => {
      const at = layers.findIndex((l) => l.id === layer.id);
      if (at >= 0) layers.splice(at, 1);
    };
  }, [modal, on]);
}

/** What works on this screen now, for the list under `?`. */
export function activeBindings(): Binding[] {
  const seen = new Set<string>();
  const all: Binding[] = [];
  for (let at = layers.length - 1; at >= 0; at -= 1) {
    for (const binding of layers[at]?.bindings() ?? []) {
      if (seen.has(binding.key) || !binding.label) continue;
      seen.add(binding.key);
      all.push(binding);
    }
  }
  return all;
}
