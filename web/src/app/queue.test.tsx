// The queue as a whole, against the contract's answers: what waits, what keys do, what a conflict,
// a failure, an empty list and a missing right look like.
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Schemas } from '@/api/client.ts';
import { live } from '@/api/live.ts';
import { makeRouter } from '@/app/router.tsx';
import { prepareScreen } from '@/app/testScreen.ts';
import { Toasts } from '@/ui/toasts.tsx';

const now = '2026-11-22T14:59:13.000000Z';

function alert(id: string, over: Partial<Schemas['Alert']> = {}): Schemas['Alert'] {
  return {
    id,
    number: 100,
    version: 3,
    rule_id: `rule-${id}`,
    rule_title: `Rule ${id}`,
    rule_title_vi: `Luật ${id}`,
    kind: 'sigma',
    level: 'critical',
    status: 'new',
    count: 2,
    first: now,
    last: now,
    raised: now,
    updated: now,
    drill: false,
    host: 'SYT-FS01',
    unit: { id: 'u1', name: 'Sở Y tế' },
    ...over,
  };
}

function group(id: string, over: Partial<Schemas['Alert']> = {}): Schemas['AlertGroup'] {
  const one = alert(id, over);
  return {
    key: `k-${id}`,
    rule_id: one.rule_id,
    rule_title: one.rule_title,
    rule_title_vi: one.rule_title_vi,
    unit: one.unit,
    level: one.level,
    count: 1,
    unacknowledged: one.status === 'new' ? 1 : 0,
    spark: new Array(24).fill(0),
    first: now,
    last: now,
    newest: [one],
  };
}

function detail(one: Schemas['Alert']): Schemas['AlertDetail'] {
  return {
    ...one,
    matched: [{ field: 'source.ip', value: '203.0.113.77' }],
    group: [],
    events: [{ _id: 'e', '@timestamp': now, 'event.original': 'from 203.0.113.77 port 1' }],
    entities: [],
    rule: { id: one.rule_id, title: one.rule_title, level: one.level },
    outcomes: { days: 90, true_positive: 0, false_positive: 0, benign: 0, duplicate: 0, open: 1 },
    timeline: [],
    actions: ['acknowledge', 'assign', 'close'],
  };
}

let groups: Schemas['AlertGroup'][] = [];
let rights: Schemas['Permission'][] = [];
let bodies: unknown[] = [];

const server = setupServer(
  http.get('*/api/v1/session', () =>
    HttpResponse.json({
      user: { id: 'me', name: 'truc' },
      role: 'analyst',
      permissions: rights,
      csrf: 'token',
      expires: now,
    } satisfies Schemas['Session']),
  ),
  http.get('*/api/v1/units', () => HttpResponse.json({ units: [] })),
  http.get('*/api/v1/sources', () => HttpResponse.json({ sources: [], total: 0 })),
  http.get('*/api/v1/alerts/counts', () =>
    HttpResponse.json({
      open: groups.length,
      mine: 0,
      critical_unacknowledged: 0,
      overdue: 0,
      drill: 0,
      as_of: now,
    }),
  ),
  http.get('*/api/v1/alerts/groups', () =>
    HttpResponse.json({
      groups,
      total_groups: groups.length,
      total_alerts: groups.length,
      as_of: now,
    }),
  ),
  http.get('*/api/v1/alerts/:id', ({ params }) =>
    HttpResponse.json(detail(alert(String(params.id)))),
  ),
  http.post('*/api/v1/search', () =>
    HttpResponse.json({ columns: [], rows: [], scanned_bytes: 0, took_ms: 1, partial: false }),
  ),
);

beforeAll(() => {
  server.listen({ onUnhandledRequest: 'error' });
  prepareScreen();
});
beforeEach(() => {
  groups = [group('a'), group('b')];
  rights = ['alerts_view', 'alerts_handle', 'events_search', 'sources_view'];
  bodies = [];
});
afterEach(() => {
  live.stop();
  server.resetHandlers();
});
afterAll(() => server.close());

function open(path: string) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = makeRouter(client, createMemoryHistory({ initialEntries: [path] }));
  render(
    <MantineProvider>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { client, router };
}

const key = (name: string) =>
  fireEvent.keyDown(document.body, { key: name, code: `Key${name.toUpperCase()}` });

test('rows come, j moves, Space peeks, and the matched value is marked', async () => {
  const { router } = open('/alerts');
  expect(await screen.findByText('Luật a')).toBeTruthy();
  key('j');
  key('j');
  fireEvent.keyDown(document.body, { key: ' ', code: 'Space' });
  await waitFor(() => expect(router.state.location.search).toMatchObject({ peek: 'b' }));
  const why = await screen.findByRole('region', { name: 'Vì sao báo' });
  expect(within(why).getByText('203.0.113.77').tagName).toBe('MARK');
});

test('a new group waits behind the button and r shows it', async () => {
  const { client } = open('/alerts');
  await screen.findByText('Luật a');
  groups = [group('new'), ...groups];
  await act(() => client.invalidateQueries({ queryKey: ['alerts', 'groups'] }));
  expect(await screen.findByRole('button', { name: /1 cảnh báo mới/ })).toBeTruthy();
  expect(screen.queryByText('Luật new')).toBeNull();
  key('r');
  expect(await screen.findByText('Luật new')).toBeTruthy();
});

test('a sends the version it decided on, moves to the next row, and z takes it back', async () => {
  let undone = '';
  server.use(
    http.patch('*/api/v1/alerts/:id', async ({ request, params }) => {
      bodies.push([params.id, request.headers.get('if-match'), await request.json()]);
      expect(request.headers.get('x-csrf-token')).toBe('token');
      const until = new Date(Date.now() + 30_000).toISOString();
      return HttpResponse.json({
        alert: alert('a', { status: 'acknowledged', version: 4 }),
        undo: { token: 'u1', until },
      });
    }),
    http.post('*/api/v1/undo/:token', ({ params }) => {
      undone = String(params.token);
      return HttpResponse.json({ changed: 1 });
    }),
  );
  open('/alerts');
  await screen.findByText('Luật a');
  key('j');
  key('a');
  expect(await screen.findByText('Đã nhận 1 cảnh báo.')).toBeTruthy();
  expect(bodies).toEqual([['a', '"3"', { action: 'acknowledge' }]]);
  await waitFor(() =>
    expect(screen.getByRole('treegrid').getAttribute('aria-activedescendant')).toBe('row-g:k-b'),
  );
  key('z');
  expect(await screen.findByText('Đã hoàn tác 1 cảnh báo.')).toBeTruthy();
  expect(undone).toBe('u1');
});

test('closing needs a verdict; two selected groups go as one request of named alerts', async () => {
  server.use(
    http.post('*/api/v1/alerts/bulk', async ({ request }) => {
      bodies.push(await request.json());
      return HttpResponse.json({ changed: 2, skipped: 0 });
    }),
  );
  open('/alerts');
  await screen.findByText('Luật a');
  key('j');
  key('x');
  key('j');
  key('x');
  expect(screen.getByText('Đã chọn 2 dòng, 2 cảnh báo')).toBeTruthy();
  key('e');
  const dialog = await screen.findByRole('dialog');
  const go = within(dialog).getByRole('button', { name: 'Đóng cảnh báo' });
  expect((go as HTMLButtonElement).disabled).toBe(true);
  fireEvent.click(within(dialog).getByLabelText(/Báo sai/));
  fireEvent.click(go);
  expect(await screen.findByText('Đã đóng 2 cảnh báo.')).toBeTruthy();
  expect(bodies).toEqual([{ action: 'close', verdict: 'false_positive', ids: ['a', 'b'] }]);
});

test('a conflict shows both versions and does nothing by itself', async () => {
  server.use(
    http.patch('*/api/v1/alerts/:id', () =>
      HttpResponse.json(
        {
          error: { code: 'conflict', message: 'changed', request_id: 'r' },
          current: alert('a', {
            status: 'acknowledged',
            version: 9,
            assignee: { id: 'x', name: 'Trực ban 2' },
          }),
        },
        { status: 412 },
      ),
    ),
  );
  open('/alerts');
  await screen.findByText('Luật a');
  key('j');
  key('a');
  const dialog = await screen.findByRole('dialog');
  expect(within(dialog).getByText('Trực ban 2')).toBeTruthy();
  expect(within(dialog).getByText('Mới')).toBeTruthy();
  fireEvent.click(within(dialog).getByRole('button', { name: 'Giữ bản hiện nay' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

test('a failed queue says what failed, what works, its id, and tries again', async () => {
  server.use(
    http.get('*/api/v1/alerts/groups', () =>
      HttpResponse.json(
        { error: { code: 'internal', message: 'hỏng', request_id: 'rq-7' } },
        { status: 500 },
      ),
    ),
  );
  open('/alerts');
  const panel = await screen.findByText('Chưa lấy được hàng đợi.');
  expect(panel.parentElement?.textContent).toContain('rq-7');
  server.resetHandlers();
  fireEvent.click(screen.getByRole('button', { name: 'Thử lại' }));
  expect(await screen.findByText('Luật a')).toBeTruthy();
});

test('an empty queue says which kind of empty it is', async () => {
  groups = [];
  open('/alerts');
  await waitFor(() =>
    expect(document.querySelector('[data-empty="noData"]')?.textContent).toContain('Chưa có nguồn'),
  );
});

test('a filter that hides everything is named and can be cleared', async () => {
  groups = [];
  const { router } = open('/alerts?q=khong');
  expect(await screen.findByText('Bộ lọc đang ẩn hết.')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Bỏ lọc' }));
  await waitFor(() => expect(router.state.location.search).toEqual({}));
});

test('without the right to act there is nothing to act with', async () => {
  rights = ['alerts_view'];
  open('/alerts?peek=a');
  await screen.findByRole('region', { name: 'Vì sao báo' });
  expect(screen.queryByRole('button', { name: 'Nhận' })).toBeNull();
  expect(screen.queryByRole('link', { name: /Nguồn log/ })).toBeNull();
});

test('without a session the sign-in page comes, and remembers where to go', async () => {
  server.use(
    http.get('*/api/v1/session', () =>
      HttpResponse.json(
        { error: { code: 'unauthenticated', message: '', request_id: 'r' } },
        { status: 401 },
      ),
    ),
  );
  const { router } = open('/rules');
  expect(await screen.findByLabelText('Tên đăng nhập')).toBeTruthy();
  expect(router.state.location.search).toEqual({ next: '/rules' });
});
