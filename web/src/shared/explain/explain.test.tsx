// The explanation as people meet it: the reason in words, the tree by keyboard, values on request.
import { fireEvent, render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { ExplanationView } from './Explain.tsx';
import type { ExplainedNode, Explanation } from './model.ts';

function item(
  holds: boolean,
  field: string,
  values: string[],
  actual: string | null,
): ExplainedNode {
  return {
    kind: 'item',
    holds,
    item: {
      holds,
      field,
      expected: values.map((value, at) => ({ op: 'contains', value, hit: holds && at === 0 })),
      expected_count: values.length + 40,
      actual: actual === null ? null : { field, ecs: '', value: actual },
    },
  };
}

function explanation(over: Partial<Explanation>): Explanation {
  return {
    rule_id: 'r',
    title: 'Rule',
    verdict: 'no_match',
    enabled: true,
    profile: 'windows',
    source: {
      holds: true,
      product: 'windows',
      category: 'process_creation',
      service: '',
      ways: [],
    },
    condition: {
      kind: 'and',
      holds: false,
      children: [
        {
          kind: 'and',
          selection: 'selection',
          holds: false,
          children: [
            item(true, 'Image', ['cmd'], 'C:\\cmd.exe'),
            item(false, 'CommandLine', ['a1', 'a2', 'a3', 'a4'], 'whoami'),
          ],
        },
        {
          kind: 'not',
          holds: true,
          children: [
            {
              kind: 'or',
              selection: 'filter',
              holds: false,
              children: [item(false, 'User', ['x'], null), item(false, 'Host', ['y'], null)],
            },
          ],
        },
      ],
    },
    references: [],
    ...over,
  };
}

test('a miss says in one sentence which field kept it from matching', () => {
  render(<ExplanationView found={explanation({})} />);
  expect(screen.getByText('Luật không khớp sự kiện này.')).toBeTruthy();
  expect(screen.getByText('Vì CommandLine là whoami, trong khi luật cần chứa a1 ….')).toBeTruthy();
  // The failing branch is open, the exclusion that did not apply is folded.
  expect(screen.getByText('whoami')).toBeTruthy();
  expect(screen.queryByText('User')).toBeNull();
});

test('arrow keys walk the groups; right opens, left folds and goes up', () => {
  render(<ExplanationView found={explanation({})} />);
  const [root, selection, not] = screen
    .getByRole('list', { name: 'Cây điều kiện' })
    .querySelectorAll<HTMLElement>('[data-path]');
  root?.focus();
  const press = (key: string) =>
    fireEvent.keyDown(document.activeElement ?? document.body, { key });
  press('ArrowDown');
  expect(document.activeElement).toBe(selection);
  press('ArrowLeft');
  expect(selection?.getAttribute('aria-expanded')).toBe('false');
  press('ArrowLeft');
  expect(document.activeElement).toBe(root);
  press('ArrowDown');
  press('ArrowDown');
  expect(document.activeElement).toBe(not);
  press('ArrowRight');
  expect(not?.getAttribute('aria-expanded')).toBe('true');
});

test('three wanted values are shown, the rest on request, and what is not listed is said', () => {
  render(<ExplanationView found={explanation({})} />);
  expect(screen.queryByText('a4')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'và 41 giá trị khác' }));
  expect(screen.getByText('a4')).toBeTruthy();
  expect(screen.getByText('còn 40 giá trị không liệt kê')).toBeTruthy();
});

test('another log source is the whole answer, with the profile by which the event came', () => {
  render(
    <ExplanationView
      found={explanation({
        verdict: 'other_source',
        profile: 'linux',
        condition: null,
        source: { holds: false, product: 'windows', category: '', service: 'security', ways: [] },
      })}
    />,
  );
  expect(screen.getByText('Luật không xét sự kiện này: nguồn log khác.')).toBeTruthy();
  expect(
    screen.getByText(/Luật xét nguồn windows \/ security; sự kiện này đến theo hồ sơ linux/),
  ).toBeTruthy();
  expect(screen.getByText(/không thể có nguồn log/)).toBeTruthy();
});

test('a rule that is off says so though it matches; a correlation shows what it counts', () => {
  const { rerender } = render(
    <ExplanationView found={explanation({ verdict: 'match', enabled: false, condition: null })} />,
  );
  expect(screen.getByText('Luật đang tắt, nên dù khớp cũng không báo.')).toBeTruthy();
  rerender(
    <ExplanationView
      found={explanation({
        verdict: 'correlation',
        condition: null,
        references: [
          {
            rule_id: 'x',
            title: 'Failed login',
            verdict: 'match',
            condition: item(true, 'Image', ['cmd'], 'cmd'),
          },
        ],
      })}
    />,
  );
  expect(screen.getByRole('region', { name: 'Failed login' }).textContent).toContain('Image');
});
