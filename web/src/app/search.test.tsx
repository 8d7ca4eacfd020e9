// The search page as a whole, against the contract's answers: completion by keyboard and with an input
// method, faults and partial answers in the reader's language, saved searches and their conflict.
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Schemas } from '@/api/client.ts';
import { live } from '@/api/live.ts';
import { makeRouter } from '@/app/router.tsx';
import { prepareScreen } from '@/app/testScreen.ts';
import { asked } from '@/features/search/asked.ts';
import { Toasts } from '@/ui/toasts.tsx';

const now = '2026-11-22T14:59:13.000000Z';
type Asked = { query: string; facets?: string[]; from?: string; cursor?: string };

function saved(over: Partial<Schemas['SavedSearch']> = {}): Schemas['SavedSearch'] {
  return {
    id: 's1',
    name: 'Đăng nhập hỏng',
    note: '',
    query: 'event.outcome:failure',
    span: '7d',
    from: null,
    to: null,
    columns: ['user.name', 'message'],
    view: '',
    shared: false,
    owner: 'truc',
    mine: true,
    unit: null,
    created_at: now,
    changed_at: now,
    changed_by: 'truc',
    removed: false,
    version: 1,
    ...over,
  };
}

const kRights: Schemas['Permission'][] = [
  'events_search',
  'alerts_view',
  'rules_view',
  'rules_edit',
];
let rights = kRights;
let searches: Asked[] = [];
let answer: Partial<Schemas['SearchAnswer']> = {};

const rows = ['11', '12', '13'].map((id) => ({
  _id: id,
  _source: 'linux',
  '@timestamp': now,
  'host.name': 'SYT-FS01',
  'user.name': `user${id}`,
  'event.original': `line ${id}`,
}));

const server = setupServer(
  http.get('*/api/v1/session', () =>
    HttpResponse.json({
      user: { id: 'me', name: 'truc' },
      role: 'coordinator',
      permissions: rights,
      csrf: 'token',
      expires: now,
    } satisfies Schemas['Session']),
  ),
  http.get('*/api/v1/units', () => HttpResponse.json({ units: [] })),
  http.get('*/api/v1/sources', () => HttpResponse.json({ sources: [], total: 0 })),
  http.get('*/api/v1/alerts/counts', () =>
    HttpResponse.json({
      open: 0,
      mine: 0,
      critical_unacknowledged: 0,
      overdue: 0,
      drill: 0,
      as_of: now,
    }),
  ),
  http.get('*/api/v1/alerts', () => HttpResponse.json({ alerts: [], cursor: null })),
  http.get('*/api/v1/fields', () =>
    HttpResponse.json({
      fields: [
        { name: 'user.name', type: 'string', meaning: 'who did it', known: true },
        { name: 'user.domain', type: 'string', known: true },
        { name: 'source.ip', type: 'ip', known: true },
      ],
      total: 3,
    }),
  ),
  http.post('*/api/v1/rules/check', () =>
    HttpResponse.json({ loads: true, id: 'r1', title: 'Luật', faults: [] }),
  ),
  http.get('*/api/v1/search/progress', () =>
    HttpResponse.json({ running: true, bytes: 5_242_880, blocks_done: 3, blocks: 12 }),
  ),
  http.post('*/api/v1/search', async ({ request }) => {
    const body = (await request.json()) as Asked;
    searches.push(body);
    if (body.facets) {
      return HttpResponse.json({
        columns: [],
        rows: [],
        scanned_bytes: 0,
        took_ms: 1,
        partial: false,
        facets: [{ field: body.facets[0] ?? '', values: [{ value: 'Đặng Hà', count: 1234 }] }],
      });
    }
    return HttpResponse.json({
      columns: ['@timestamp', 'event.original'],
      rows,
      scanned_bytes: 2_097_152,
      scanned_events: 9000,
      took_ms: 12,
      partial: false,
      total: 3,
      ...answer,
    });
  }),
  http.get('*/api/v1/saved-searches', () => HttpResponse.json({ searches: [saved()] })),
  http.get('*/api/v1/saved-searches/:id', () => HttpResponse.json(saved())),
);

beforeAll(() => {
  server.listen({ onUnhandledRequest: 'error' });
  prepareScreen();
});
beforeEach(() => {
  searches = [];
  answer = {};
  rights = kRights;
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

const line = () => screen.findByRole<HTMLInputElement>('combobox', { name: 'Câu tìm' });

function type(box: HTMLInputElement, text: string) {
  fireEvent.change(box, { target: { value: text } });
  box.setSelectionRange(text.length, text.length);
  fireEvent.select(box);
}

test('names, then values, by Tab; the meaning is Vietnamese', async () => {
  open('/search?q=x');
  const box = await line();
  await screen.findByText('line 11');
  type(box, 'not us');
  const offers = screen.getByRole('listbox', { name: 'Gợi ý' });
  const first = await within(offers).findByRole('option', { name: /user\.name/ });
  expect(first.textContent).toContain('ai đã làm');
  fireEvent.keyDown(box, { key: 'Tab' });
  expect(box.value).toBe('not user.name:');
  expect(await within(offers).findByRole('option', { name: /Đặng Hà/ })).toBeTruthy();
  fireEvent.keyDown(box, { key: 'ArrowDown' });
  fireEvent.keyDown(box, { key: 'Enter' });
  expect(box.value).toBe('not user.name:"Đặng Hà" ');
});

test('keys of an input method neither take an offer nor ask', async () => {
  const { router } = open('/search?q=x');
  const box = await line();
  await screen.findByText('line 11');
  type(box, 'us');
  await screen.findByRole('option', { name: /user\.name/ });
  fireEvent.keyDown(box, { key: 'Tab', isComposing: true });
  fireEvent.keyDown(box, { key: 'Tab', keyCode: 229 });
  expect(box.value).toBe('us');
  expect(router.state.location.search).toMatchObject({ q: 'x' });
});

test('what was asked is offered again by the arrow key, and can be forgotten', async () => {
  const { router } = open('/search?q=x');
  const box = await line();
  await screen.findByText('line 11');
  type(box, 'user.name:root');
  fireEvent.submit(box);
  await waitFor(() => expect(router.state.location.search).toMatchObject({ q: 'user.name:root' }));
  expect(asked('truc')).toHaveLength(1);
  type(box, '');
  fireEvent.keyDown(box, { key: 'ArrowUp' });
  expect(await screen.findByRole('option', { name: /user\.name:root/ })).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Xoá các câu đã tìm' }));
  expect(asked('truc')).toEqual([]);
  expect(screen.getByText('Trên máy này chưa tìm câu nào.')).toBeTruthy();
});

test('a fault stands under its place, in Vietnamese', async () => {
  server.use(
    http.post('*/api/v1/search', () =>
      HttpResponse.json(
        {
          error: {
            code: 'invalid_argument',
            message: 'a value for user.name is missing here',
            where: 'column 11',
          },
        },
        { status: 400 },
      ),
    ),
  );
  open('/search?q=user.name%3A');
  const fault = await screen.findByText('Ở đây thiếu giá trị cho user.name.');
  expect(fault.parentElement?.querySelector('pre')?.textContent).toBe(
    `user.name:\n${' '.repeat(10)}^`,
  );
});

test('a partial answer says why in Vietnamese', async () => {
  answer = { partial: 'not finished within 30000 ms' };
  open('/search?q=x');
  expect(await screen.findByText(/dừng sau 30 giây, phần cũ hơn chưa đọc/)).toBeTruthy();
});

test('nothing found names the sources that were silent', async () => {
  answer = { rows: [], total: 0, silent_sources: ['fw-xa12', 'dns-tinh'] };
  open('/search?q=x');
  expect(await screen.findByText(/fw-xa12, dns-tinh/)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Tìm trong khoảng dài hơn' })).toBeTruthy();
});

test('a long search shows how far it is and can be stopped', async () => {
  let stopped = '';
  let done: (() => void) | undefined;
  const wait = new Promise<void>((resolve) => {
    done = resolve;
  });
  let id = '';
  server.use(
    http.post('*/api/v1/search', async ({ request }) => {
      id = ((await request.json()) as { search_id: string }).search_id;
      await wait;
      return HttpResponse.json({
        columns: [],
        rows: [],
        scanned_bytes: 1,
        took_ms: 1,
        partial: 'cancelled',
      });
    }),
    http.post('*/api/v1/search/cancel', async ({ request }) => {
      stopped = ((await request.json()) as { search_id: string }).search_id;
      done?.();
      return HttpResponse.json({ cancelled: true });
    }),
  );
  open('/search?q=x');
  expect(await screen.findByText('3 trên 12 khối')).toBeTruthy();
  expect(screen.getByText('đã đọc 5,0 MiB')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Dừng' }));
  expect(await screen.findByText('Chưa tìm thấy gì trong phần đã đọc.')).toBeTruthy();
  expect(stopped).toBe(id);
});

test('a saved search is opened by its address alone', async () => {
  const { router } = open('/search?saved=s1');
  await screen.findByText('line 11');
  expect(router.state.location.search).toEqual({
    q: 'event.outcome:failure',
    saved: 's1',
    range: '7d',
    cols: 'user.name,message',
  });
  expect(searches.map((one) => one.query)).toEqual(['event.outcome:failure']);
  expect(await screen.findByText('Đăng nhập hỏng')).toBeTruthy();
});

test('saving over what somebody changed meanwhile shows what stands there', async () => {
  let version = '';
  server.use(
    http.patch('*/api/v1/saved-searches/:id', ({ request }) => {
      version = request.headers.get('if-match') ?? '';
      return HttpResponse.json(
        {
          error: { code: 'conflict', message: 'minh changed it meanwhile' },
          current: saved({ query: 'x:1', changed_by: 'minh', version: 2 }),
        },
        { status: 412 },
      );
    }),
  );
  open('/search?saved=s1');
  await screen.findByText('Đăng nhập hỏng');
  fireEvent.keyDown(document.body, { key: 's', code: 'KeyS' });
  const dialog = await screen.findByRole('dialog', { name: 'Lưu cuộc săn' });
  fireEvent.click(within(dialog).getByRole('button', { name: 'Lưu' }));
  expect(await within(dialog).findByText(/minh vừa sửa cuộc săn này thành: x:1/)).toBeTruthy();
  expect(version).toBe('"1"');
});

test('Space opens the event beside the list, j goes on, the address carries it', async () => {
  const { router } = open('/search?q=x');
  await screen.findByText('line 11');
  fireEvent.keyDown(document.body, { key: 'j', code: 'KeyJ' });
  fireEvent.keyDown(document.body, { key: ' ', code: 'Space' });
  const beside = await screen.findByRole('complementary', { name: 'Chi tiết sự kiện' });
  expect(within(beside).getByText('user11')).toBeTruthy();
  fireEvent.keyDown(document.body, { key: 'j', code: 'KeyJ' });
  await waitFor(() => expect(router.state.location.search).toMatchObject({ event: '12' }));
  fireEvent.keyDown(document.body, { key: 'Escape' });
  await waitFor(() => expect(router.state.location.search).not.toHaveProperty('event'));
});

test('from a question to the draft of a rule', async () => {
  open(`/search?q=${encodeURIComponent('user.name:root and @timestamp > -1h')}`);
  await screen.findByText('line 11');
  fireEvent.click(screen.getByRole('button', { name: 'Thành luật' }));
  const dialog = await screen.findByRole('dialog', { name: 'Bản thảo luật Sigma' });
  expect(within(dialog).getByText(/user\.name: 'root'/)).toBeTruthy();
  expect(within(dialog).getByText('Luật không xét thời điểm.')).toBeTruthy();
});

const kCsv = 'CSV, mọi sự kiện, các cột đang hiện';

/** Without a layout the menu's button counts as scrolled away, and the menu as hidden. */
const item = (name: string | RegExp) => ({ name, hidden: true });

async function exportMenu(path: string) {
  open(path);
  await screen.findByText('line 11');
  fireEvent.click(await screen.findByRole('button', { name: 'Xuất' }));
}

test('every matching event is fetched by the browser, once the server says that it would run', async () => {
  answer = { from: '2026-11-22T00:00:00.000000Z', to: now };
  const asked: URLSearchParams[] = [];
  server.use(
    http.get('*/api/v1/history/export', ({ request }) => {
      asked.push(new URL(request.url).searchParams);
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const fetched: string[] = [];
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
    this: HTMLAnchorElement,
  ) {
    fetched.push(this.getAttribute('href') ?? '');
  });
  await exportMenu('/search?q=user.name%3Aroot&cols=user.name,message');
  fireEvent.click(await screen.findByRole('menuitem', item(kCsv)));
  await waitFor(() => expect(fetched).toHaveLength(1));
  click.mockRestore();
  expect(asked[0]?.get('check')).toBe('true');
  const whole = new URL(fetched[0] ?? '', 'https://gac.test').searchParams;
  expect(Object.fromEntries(whole)).toEqual({
    format: 'spreadsheet',
    query: 'user.name:root | fields @timestamp, user.name, message',
    from: '2026-11-22T00:00:00.000000Z',
    to: now,
  });
});

test('an export that would not run says why and fetches nothing', async () => {
  const refuse = (status: number, message: string) =>
    server.use(
      http.get('*/api/v1/history/export', () =>
        HttpResponse.json(
          { error: { code: 'x', message, where: 'column 3', request_id: 'r' } },
          { status },
        ),
      ),
    );
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
  refuse(503, 'two exports are running already');
  await exportMenu('/search?q=x');
  fireEvent.click(await screen.findByRole('menuitem', item(kCsv)));
  expect(await screen.findByText(/Đang có hai lượt xuất chạy/)).toBeTruthy();
  await waitFor(() => expect(screen.queryByRole('menuitem', item(kCsv))).toBeNull());
  refuse(400, 'a condition is missing here');
  fireEvent.click(screen.getByRole('button', { name: 'Xuất' }));
  fireEvent.click(await screen.findByRole('menuitem', item(/^NDJSON, mọi sự kiện/)));
  expect(await screen.findByText(/^Chưa xuất được: Ở đây thiếu một điều kiện/)).toBeTruthy();
  expect(click).not.toHaveBeenCalled();
  click.mockRestore();
});

test('a table is exported as it stands, and the menu says so', async () => {
  answer = { columns: ['user.name', 'count'], rows: [{ 'user.name': 'root', count: 9 }] };
  open('/search?q=x%20%7C%20stats%20count()%20by%20user.name');
  await screen.findByRole('button', { name: 'root' });
  fireEvent.click(await screen.findByRole('button', { name: 'Xuất' }));
  expect(await screen.findByText(/Câu tìm có \| stats, nên chỉ xuất được/)).toBeTruthy();
  expect(await screen.findByRole('menuitem', item('CSV, các cột đang hiện'))).toBeTruthy();
  expect(screen.queryByRole('menuitem', item(kCsv))).toBeNull();
});

type Fault = Schemas['RuleTextFault'];

async function draft(checked: (text: string) => Fault[]) {
  server.use(
    http.post('*/api/v1/rules/check', async ({ request }) => {
      const { text } = (await request.json()) as { text: string };
      const faults = checked(text);
      return HttpResponse.json({
        loads: faults.every((one) => one.warning),
        id: 'r1',
        title: 'Luật',
        faults,
      });
    }),
  );
  open('/search?q=user.name%3Aroot');
  await screen.findByText('line 11');
  fireEvent.click(screen.getByRole('button', { name: 'Thành luật' }));
  return screen.findByRole('dialog', { name: 'Bản thảo luật Sigma' });
}

test('a draft that would not load shows the line, and cannot be kept until it is right', async () => {
  const dialog = await draft((text) =>
    text.includes('condition: other')
      ? [{ line: 3, reason: 'there is no "other"', warning: false }]
      : [],
  );
  const keep = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Lưu thành luật' });
  const text = within(dialog).getByRole<HTMLTextAreaElement>('textbox', {
    name: /^Luật dạng Sigma/,
  });
  await within(dialog).findByText('Máy chủ đọc được luật này và sẽ cho chạy.');
  expect(keep.disabled).toBe(false);
  fireEvent.change(text, { target: { value: 'title: x\ndetection:\n  condition: other' } });
  expect(keep.disabled).toBe(true);
  fireEvent.click(await within(dialog).findByRole('button', { name: 'Dòng 3' }));
  expect(text.value.slice(text.selectionStart, text.selectionEnd)).toBe('  condition: other');
  expect(keep.disabled).toBe(true);
  fireEvent.click(within(dialog).getByRole('button', { name: 'Viết lại theo câu tìm' }));
  expect(text.value).toContain('user.name');
  await waitFor(() => expect(keep.disabled).toBe(false));
});

test('a draft is kept as a rule, and undone', async () => {
  const said: string[] = [];
  server.use(
    http.post('*/api/v1/rules', async ({ request }) => {
      said.push(((await request.json()) as { text: string }).text);
      return HttpResponse.json({ id: 'r1', title: 'Luật', faults: [] }, { status: 201 });
    }),
    http.delete('*/api/v1/rules/r1', () => {
      said.push('gone');
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const dialog = await draft(() => []);
  const keep = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Lưu thành luật' });
  await waitFor(() => expect(keep.disabled).toBe(false));
  fireEvent.click(keep);
  expect(await within(dialog).findByText(/đang xét các sự kiện mới đến/)).toBeTruthy();
  const link = within(dialog).getByRole<HTMLAnchorElement>('link', { name: 'Mở luật' });
  expect(link.href).toContain('/rules?rule=r1');
  expect(said[0]).toContain("user.name: 'root'");
  fireEvent.click(screen.getByRole('button', { name: 'Hoàn tác' }));
  await waitFor(() => expect(said).toHaveLength(2));
});

test('what the server refuses when it is to be kept stands under the text', async () => {
  const faults: Fault[] = [
    { line: null, reason: 'its id is taken by another rule', warning: false },
  ];
  server.use(
    http.post('*/api/v1/rules', () =>
      HttpResponse.json(
        { error: { code: 'rule_refused', message: 'taken', request_id: 'r', faults } },
        { status: 400 },
      ),
    ),
  );
  const dialog = await draft(() => []);
  const keep = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Lưu thành luật' });
  await waitFor(() => expect(keep.disabled).toBe(false));
  fireEvent.click(keep);
  expect(await within(dialog).findByText('its id is taken by another rule')).toBeTruthy();
});

test('who may not change rules reads the draft and cannot keep it', async () => {
  rights = ['events_search', 'rules_view'];
  const dialog = await draft(() => []);
  await within(dialog).findByText('Máy chủ đọc được luật này và sẽ cho chạy.');
  const keep = within(dialog).getByRole<HTMLButtonElement>('button', { name: 'Lưu thành luật' });
  expect(keep.disabled).toBe(true);
  expect(within(dialog).getByText(/Chỉ điều phối và quản trị lưu được luật/)).toBeTruthy();
});

test('| hunt offers the lists in force', async () => {
  server.use(
    http.get('*/api/v1/indicators', () =>
      HttpResponse.json({ lists: [{ name: 'botnet' }, { name: 'nội bộ', allow: true }] }),
    ),
  );
  open('/search?q=x');
  const box = await line();
  await screen.findByText('line 11');
  type(box, 'x | hunt ');
  const offers = await screen.findByRole('listbox', { name: 'Gợi ý' });
  expect(await within(offers).findByRole('option', { name: /botnet/ })).toBeTruthy();
  expect(within(offers).queryByRole('option', { name: /nội bộ/ })).toBeNull();
});
