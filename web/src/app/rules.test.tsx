// The rules screen against the contract's answers: two people switch one rule or change one exception, and
// the lists of indicators.
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Schemas } from '@/api/client.ts';
import { live } from '@/api/live.ts';
import { makeRouter } from '@/app/router.tsx';
import { prepareScreen } from '@/app/testScreen.ts';
import { Toasts } from '@/ui/toasts.tsx';

const now = '2026-11-22T14:59:13.000000Z';
const rule: Schemas['Rule'] = {
  id: 'r1',
  title: 'Password guessing',
  title_vi: 'Dò mật khẩu',
  level: 'high',
  kind: 'sigma',
  status: 'loaded',
  enabled: true,
  hits: 3,
  version: 4,
};
const exception: Schemas['RuleException'] = {
  id: 'e1',
  rule_id: 'r1',
  rule_title: 'Password guessing',
  rule_title_vi: 'Dò mật khẩu',
  conditions: [{ field: 'source.ip', op: 'equals', value: '10.1.2.3' }],
  reason: 'máy quét của ta',
  created_by: 'truc',
  created_at: now,
  expires: '2027-01-01T00:00:00.000000Z',
  state: 'active',
  unit: null,
  version: 2,
};

let versions: (string | null)[] = [];

const server = setupServer(
  http.get('*/api/v1/session', () =>
    HttpResponse.json({
      user: { id: 'me', name: 'truc' },
      role: 'coordinator',
      permissions: ['rules_view', 'rules_edit', 'alerts_view'],
      csrf: 'token',
      expires: now,
    } satisfies Schemas['Session']),
  ),
  http.get('*/api/v1/units', () => HttpResponse.json({ units: [] })),
  http.get('*/api/v1/sources', () => HttpResponse.json({ sources: [], total: 0 })),
  http.get('*/api/v1/alerts/counts', () => HttpResponse.json({ open: 0, mine: 0, as_of: now })),
  http.get('*/api/v1/alerts', () => HttpResponse.json({ alerts: [], cursor: null })),
  http.get('*/api/v1/rules', () =>
    HttpResponse.json({ rules: [rule], loaded: 1, refused: 0, disabled: 0 }),
  ),
  http.get('*/api/v1/rules/exceptions', () => HttpResponse.json({ exceptions: [exception] })),
  http.get('*/api/v1/rules/r1', () => HttpResponse.json({ ...rule, text: 'title: x' })),
);

/** Answers 412 until the version of `current` is named. */
function changed(path: string, current: { version?: number }) {
  server.use(
    http.patch(path, ({ request }) => {
      const version = request.headers.get('if-match');
      versions.push(version);
      return version === `"${current.version}"`
        ? HttpResponse.json({ ...current, version: (current.version ?? 0) + 1 })
        : HttpResponse.json(
            { error: { code: 'conflict', message: 'changed', request_id: 'r' }, current },
            { status: 412 },
          );
    }),
  );
}

beforeAll(() => {
  server.listen({ onUnhandledRequest: 'error' });
  prepareScreen();
});
beforeEach(() => {
  versions = [];
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
}

test('a rule that somebody switched meanwhile shows both versions and does nothing by itself', async () => {
  changed('*/api/v1/rules/r1', {
    ...rule,
    version: 5,
    enabled: false,
    disabled_by: 'lan',
    disabled_reason: 'ồn quá',
  } as Schemas['Rule']);
  open('/rules?rule=r1');
  fireEvent.click(await screen.findByRole('button', { name: 'Tắt luật' }));
  fireEvent.change(screen.getByRole('textbox', { name: /^Lý do/ }), { target: { value: 'ồn' } });
  const [, send] = screen.getAllByRole('button', { name: 'Tắt luật' });
  fireEvent.click(send as HTMLElement);
  const dialog = await screen.findByRole('dialog', { name: 'Có người vừa bật hoặc tắt luật này' });
  expect(dialog.textContent).toContain('Bản bạn đã xem');
  expect(within(dialog).getByText('ồn quá')).toBeTruthy();
  expect(within(dialog).getByText('lan')).toBeTruthy();
  expect(versions).toEqual(['"4"']);
  fireEvent.click(within(dialog).getByRole('button', { name: /^Vẫn thực hiện/ }));
  expect(await screen.findByText('Đã tắt luật.')).toBeTruthy();
  expect(versions).toEqual(['"4"', '"5"']);
});

test('an exception that somebody changed meanwhile can be left as it stands', async () => {
  changed('*/api/v1/rules/exceptions/e1', {
    ...exception,
    version: 3,
    state: 'removed',
    changed_by: 'lan',
    changed_at: now,
    changed_reason: 'hết đợt quét',
  } as Schemas['RuleException']);
  open('/rules?tab=exceptions');
  fireEvent.click(await screen.findByRole('button', { name: 'Gia hạn' }));
  fireEvent.change(screen.getByRole('textbox', { name: /^Lý do/ }), {
    target: { value: 'còn dùng' },
  });
  const all = screen.getAllByRole('button', { name: 'Gia hạn' });
  fireEvent.click(all[all.length - 1] as HTMLElement);
  const dialog = await screen.findByRole('dialog', { name: 'Có người vừa đổi ngoại lệ này' });
  expect(within(dialog).getByText('hết đợt quét')).toBeTruthy();
  fireEvent.click(within(dialog).getByRole('button', { name: 'Giữ bản hiện nay' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect(versions).toEqual(['"2"']);
});

test('the lists of indicators, their kinds and the lines that were left out', async () => {
  const list: Schemas['IndicatorList'] = {
    name: 'botnet tháng 11',
    file: 'botnet.txt',
    allow: false,
    entries: 1203,
    refused: 2,
    types: { domain: 3, ip: 1200 },
    hits: 17,
    suppressed: 0,
    expired: 0,
    faults: [{ line: 4, reason: 'not an indicator' }],
  };
  const all: Schemas['IndicatorLists'] = {
    lists: [list],
    entries: 1203,
    refused: 2,
    memory_bytes: 65536,
    failures: [{ file: 'bad.txt', reason: 'is no list' }],
    stale: true,
    loaded_at: now,
    took_ms: 3,
  };
  server.use(http.get('*/api/v1/indicators', () => HttpResponse.json(all)));
  open('/rules?tab=indicators');
  const row = await screen.findByRole('row', { name: /botnet tháng 11/ });
  expect(row.textContent).toContain('địa chỉ IP 1.200, tên miền 3');
  expect(row.textContent).toContain('17');
  expect(screen.getByText('bad.txt')).toBeTruthy();
  expect(screen.getByText(/danh sách trước vẫn có hiệu lực/)).toBeTruthy();
  const more = within(row).getByRole('button', { name: '2 dòng bị bỏ của botnet tháng 11' });
  fireEvent.click(more);
  expect(await screen.findByText('not an indicator')).toBeTruthy();
  expect(screen.getByText('Dòng 4')).toBeTruthy();
  expect(screen.getByText('1 dòng đầu trong 2 dòng bị bỏ')).toBeTruthy();
});

test('no lists: says where they go', async () => {
  server.use(
    http.get('*/api/v1/indicators', () =>
      HttpResponse.json({
        lists: [],
        entries: 0,
        refused: 0,
        memory_bytes: 0,
        failures: [],
        stale: false,
        loaded_at: null,
        took_ms: 0,
      } satisfies Schemas['IndicatorLists']),
    ),
  );
  open('/rules?tab=indicators');
  expect(await screen.findByText('Chưa có danh sách chỉ dấu nào.')).toBeTruthy();
});
