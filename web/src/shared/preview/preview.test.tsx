// What people are told of a preview: figures, days, hosts, and that it is not all when it is not.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RulePreview as Preview } from './queries.ts';
import { PreviewView, RulePreview } from './RulePreview.tsx';

function preview(over: Partial<Preview>): Preview {
  return {
    matched: 12,
    rules: [],
    days: [
      { day: '2026-05-31T17:00:00Z', matched: 3 },
      { day: '2026-06-01T17:00:00Z', matched: 9 },
    ],
    hosts: ['a', 'b', 'c', 'd', 'e', 'f'].map((host, at) => ({ host, matched: 6 - at })),
    hosts_all: 8,
    more_hosts: false,
    first: '2026-06-01T00:00:00Z',
    last: '2026-06-02T00:00:00Z',
    samples: [
      {
        rule_id: 'r',
        event: {
          _id: '7',
          '@timestamp': '2026-06-02T00:00:00Z',
          'host.name': 'pc',
          message: 'hello',
        },
      },
    ],
    judged_events: 40,
    scanned_bytes: 100,
    blocks: 10,
    blocks_skipped: 9,
    partial: false,
    from: '2026-05-25T00:00:00Z',
    to: '2026-06-02T00:00:00Z',
    took_ms: 3,
    ...over,
  } as Preview;
}

const asked: unknown[] = [];
const server = setupServer(
  http.post('*/api/v1/rules/preview', async ({ request }) => {
    asked.push(await request.json());
    return HttpResponse.json(preview({}));
  }),
);
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());

test('days, hosts and samples are told', () => {
  render(<PreviewView preview={preview({})} />);
  expect(screen.getByText('12')).toBeTruthy();
  const days = screen.getAllByRole('row').map((row) => row.textContent);
  expect(days).toHaveLength(2);
  expect(days[1]).toMatch(/2.*9$/);
  expect(screen.getByText('hello')).toBeTruthy();
  expect(screen.queryByText('f')).toBeNull(); // five hosts are named, the others counted
  expect(document.body.textContent).toContain('3');
});

test('a partial answer says why', () => {
  render(<PreviewView preview={preview({ partial: 'not finished within 20000 ms' })} />);
  expect(screen.getByText(/not finished within 20000 ms/)).toBeTruthy();
});

test('it is asked for by a button, and a changed draft makes it stale', async () => {
  const client = new QueryClient({ defaultOptions: { mutations: { retry: false } } });
  const view = (text: string) => (
    <QueryClientProvider client={client}>
      <RulePreview of={{ text }} />
    </QueryClientProvider>
  );
  const { rerender } = render(view('title: A'));
  expect(asked).toHaveLength(0);
  fireEvent.change(screen.getByRole('combobox'), { target: { value: '30' } });
  fireEvent.click(screen.getByRole('button'));
  await waitFor(() => expect(screen.getByText('hello')).toBeTruthy());
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ text: 'title: A', from: '-30d' });
  expect(document.querySelector('.c-medium')).toBeNull();
  rerender(view('title: B'));
  expect(document.querySelector('.c-medium')).not.toBeNull();
});
