import { fireEvent, render } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { activeBindings, type Binding, useKeys } from './keys.ts';
import { setPref } from './prefs.ts';

function Probe({ bindings, modal }: { bindings: Binding[]; modal?: boolean }) {
  useKeys(bindings, { modal: modal ?? false });
  return <input aria-label="text" />;
}

const bind = (key: string, run: () => void, inField = false): Binding => ({
  key,
  label: key,
  group: 'test',
  run,
  inField,
});

test('a single letter acts, but never in a text field or while composing', () => {
  const run = vi.fn();
  const view = render(<Probe bindings={[bind('a', run)]} />);
  fireEvent.keyDown(document.body, { key: 'a', code: 'KeyA' });
  expect(run).toHaveBeenCalledTimes(1);
  fireEvent.keyDown(view.getByLabelText('text'), { key: 'a', code: 'KeyA' });
  fireEvent.keyDown(document.body, { key: 'a', code: 'KeyA', isComposing: true });
  fireEvent.keyDown(document.body, { key: 'Process', code: 'KeyA', keyCode: 229 });
  expect(run).toHaveBeenCalledTimes(1);
});

test('a letter is known by its place when an input method hides its name', () => {
  const run = vi.fn();
  render(<Probe bindings={[bind('a', run)]} />);
  fireEvent.keyDown(document.body, { key: 'â', code: 'KeyA' });
  expect(run).toHaveBeenCalledTimes(1);
});

test('two-letter sequences, and the same second letter alone', () => {
  const queue = vi.fn();
  const plain = vi.fn();
  render(<Probe bindings={[bind('g t', queue), bind('t', plain)]} />);
  fireEvent.keyDown(document.body, { key: 'g', code: 'KeyG' });
  fireEvent.keyDown(document.body, { key: 't', code: 'KeyT' });
  fireEvent.keyDown(document.body, { key: 't', code: 'KeyT' });
  expect(queue).toHaveBeenCalledTimes(1);
  expect(plain).toHaveBeenCalledTimes(1);
});

test('shift and control are part of the name; question mark needs no shift', () => {
  const shifted = vi.fn();
  const palette = vi.fn();
  const help = vi.fn();
  const view = render(
    <Probe bindings={[bind('Shift+i', shifted), bind('Ctrl+k', palette, true), bind('?', help)]} />,
  );
  fireEvent.keyDown(document.body, { key: 'I', code: 'KeyI', shiftKey: true });
  fireEvent.keyDown(view.getByLabelText('text'), { key: 'k', code: 'KeyK', ctrlKey: true });
  fireEvent.keyDown(document.body, { key: '?', code: 'Slash', shiftKey: true });
  expect([shifted, palette, help].map((f) => f.mock.calls.length)).toEqual([1, 1, 1]);
});

test('single keys can be switched off; control keys and arrows stay', () => {
  const letter = vi.fn();
  const palette = vi.fn();
  const arrow = vi.fn();
  render(
    <Probe bindings={[bind('a', letter), bind('Ctrl+k', palette), bind('ArrowDown', arrow)]} />,
  );
  setPref('keys', 'off');
  fireEvent.keyDown(document.body, { key: 'a', code: 'KeyA' });
  fireEvent.keyDown(document.body, { key: 'k', code: 'KeyK', ctrlKey: true });
  fireEvent.keyDown(document.body, { key: 'ArrowDown' });
  expect([letter, palette, arrow].map((f) => f.mock.calls.length)).toEqual([0, 1, 1]);
});

test('a modal layer hides the keys below it', () => {
  const below = vi.fn();
  const above = vi.fn();
  render(
    <>
      <Probe bindings={[bind('a', below), bind('b', below)]} />
      <Probe bindings={[bind('a', above)]} modal />
    </>,
  );
  fireEvent.keyDown(document.body, { key: 'a', code: 'KeyA' });
  fireEvent.keyDown(document.body, { key: 'b', code: 'KeyB' });
  expect(above).toHaveBeenCalledTimes(1);
  expect(below).not.toHaveBeenCalled();
});

test('the help list names each key once, the newest meaning first', () => {
  render(
    <>
      <Probe bindings={[{ ...bind('a', () => {}), label: 'old' }]} />
      <Probe bindings={[{ ...bind('a', () => {}), label: 'new' }]} />
    </>,
  );
  expect(activeBindings().map((each) => each.label)).toEqual(['new']);
});
