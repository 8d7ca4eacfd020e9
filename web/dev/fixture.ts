// A made-up night for the development server and for pictures: answers the contract from memory. It is
// loaded by vite.config.ts for `npm run dev` only and is part of no build. `?fixture=empty|failed|slow|
// denied` on the page's address (kept in a cookie) shows the other states.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import type { components } from '../src/api/schema.d.ts';
import {
  allRules,
  coverage,
  effect,
  exceptions,
  explanation,
  packChange,
  packs,
  ruleDetail,
  switched,
} from './rules.ts';

type S = components['schemas'];
const kMinute = 60_000;
const kHour = 60 * kMinute;

const units = [
  'Bệnh viện tỉnh',
  'Sở Y tế',
  'Xã Mẫu 07',
  'Sở Tài chính',
  'Văn phòng tỉnh',
  'Phường Mẫu 3',
  'Trường THPT Mẫu 2',
  'Trung tâm Giám sát, Điều hành đô thị thông minh và Chuyển đổi số tỉnh',
].map((name, at) => ({ id: `u${at}`, name }));

const kTitles: [S['Level'], string, string, number, number][] = [
  ['critical', 'Máy kết nối máy chủ điều khiển botnet', 'Host talks to a botnet controller', 0, 3],
  [
    'critical',
    'Đăng nhập RDP thành công sau nhiều lần sai',
    'RDP login after many failures',
    1,
    14,
  ],
  ['high', 'Xoá bản sao lưu bóng bằng vssadmin', 'Shadow copies deleted', 0, 1],
  ['high', 'Mã độc chưa được làm sạch', 'Malware not cleaned', 2, 6],
  ['high', 'Tạo tài khoản quản trị ngoài giờ', 'Admin account made out of hours', 3, 2],
  ['high', 'Dò mật khẩu VPN từ nhiều địa chỉ', 'VPN password spraying', 4, 412],
  ['high', 'PowerShell tải tệp từ Internet', 'PowerShell download', 5, 2],
  ['medium', 'Tra tên miền nằm trong danh sách xấu', 'Bad domain looked up', 6, 38],
  ['medium', 'Tắt chương trình chống mã độc', 'Anti-malware turned off', 2, 1],
  [
    'medium',
    'Quét cổng trong mạng nội bộ từ một máy trạm không thuộc phòng Công nghệ thông tin',
    'Inside port scan',
    7,
    7,
  ],
  ['medium', 'Dữ liệu gửi ra ngoài tăng bất thường', 'Unusual upload', 4, 1],
  ['medium', 'Đăng nhập từ quốc gia chưa từng gặp', 'Login from a new country', 3, 4],
  ['medium', 'Dịch vụ mới cài bằng tài khoản SYSTEM', 'New service as SYSTEM', 2, 2],
  ['medium', 'Thiết bị USB lạ trên máy chủ', 'Unknown USB device on a server', 1, 1],
  ['low', 'Sai mật khẩu nhiều lần, không thành công', 'Many wrong passwords', 1, 126],
  ['informational', 'Đăng nhập từ xa ngoài giờ', 'Remote login out of hours', 5, 9],
];

const iso = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z');
const hosts = ['SYT-FS01', 'VP-VPN01', 'BV-RDS01', 'STC-FS03', 'XM07-PC12'];
const users = ['ketoan01', 'admin', 'vanthu', 'giamdoc', 'quantri', 'root'];

let seed = 7;
function random() {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
}

const alerts: S['Alert'][] = [];
kTitles.forEach(([level, vi, en, unit, count], group) => {
  for (let n = 0; n < count; n += 1) {
    const last = Date.now() - (group + 1) * 3 * kMinute - n * 40_000;
    alerts.push({
      id: `a${group}-${n}`,
      number: 48213 - group * 13 - n,
      version: 1,
      rule_id: `r${group}`,
      rule_title: en,
      rule_title_vi: vi,
      kind: group === 0 ? 'indicator' : group % 3 === 1 ? 'correlation' : 'sigma',
      level,
      status: 'new',
      verdict: null,
      comment: null,
      unit: units[unit] ?? null,
      host: hosts[group % hosts.length] ?? null,
      source: 'windows',
      key: `203.0.113.${70 + group}`,
      summary: n === 0 ? 'Đăng nhập thành công' : `Sai mật khẩu, lần ${14 - n}`,
      count: level === 'critical' ? 13 : 1,
      first: iso(last - 6 * kMinute),
      last: iso(last),
      raised: iso(last - 5 * kMinute),
      updated: iso(last),
      due: iso(last + (group === 0 ? -18 : 8 + group * 11) * kMinute + 5 * kMinute),
      due_kind: 'acknowledge',
      assignee: null,
      drill: false,
    });
  }
});

const undos = new Map<string, S['Alert'][]>();
let streams: ServerResponse[] = [];
let eventId = 1;

function publish(type: string, data: unknown) {
  eventId += 1;
  for (const stream of streams) {
    stream.write(`id: ${eventId}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

function wanted(query: URLSearchParams): S['Alert'][] {
  const has = (name: string) => query.get(name) ?? '';
  const status = has('status') === 'open' ? 'new,acknowledged' : has('status');
  return alerts.filter(
    (a) =>
      (!status || status.split(',').includes(a.status)) &&
      (!has('level') || has('level').split(',').includes(a.level)) &&
      (!has('unit') || a.unit?.id === has('unit')) &&
      (!has('rule') || a.rule_id === has('rule')) &&
      (has('assignee') !== 'me' || a.assignee?.id === 'me') &&
      (has('overdue') !== 'true' || new Date(a.due ?? 0).getTime() < Date.now()) &&
      (has('drill') === 'any' || a.drill === (has('drill') === 'true')) &&
      (!has('q') || JSON.stringify(a).toLowerCase().includes(has('q').toLowerCase())),
  );
}

function groupsOf(list: S['Alert'][]): S['AlertGroup'][] {
  const byKey = new Map<string, S['Alert'][]>();
  for (const a of list) {
    const key = `${a.rule_id}|${a.unit?.id}`;
    byKey.set(key, [...(byKey.get(key) ?? []), a]);
  }
  return [...byKey].map(([key, of]) => {
    const [newest] = of as [S['Alert']];
    const spark = Array.from({ length: 24 }, (_, h) =>
      of.length > 100
        ? 4 + h * 2 + Math.floor(random() * 6)
        : h > 21 || (of.length > 5 && h % 5 === 1)
          ? of.length
          : 0,
    );
    return {
      key,
      rule_id: newest.rule_id,
      rule_title: newest.rule_title,
      rule_title_vi: newest.rule_title_vi ?? '',
      unit: newest.unit ?? null,
      level: newest.level,
      count: of.length,
      unacknowledged: of.filter((a) => a.status === 'new').length,
      spark,
      first: of[of.length - 1]?.first ?? newest.first,
      last: newest.last,
      due: newest.due ?? null,
      due_kind: newest.due_kind ?? null,
      drill: false,
      newest: of.slice(0, 5),
    };
  });
}

function counts(): S['AlertCounts'] {
  const open = alerts.filter((a) => a.status !== 'closed');
  return {
    open: open.length,
    open_groups: groupsOf(open).length,
    mine: open.filter((a) => a.assignee?.id === 'me').length,
    critical_unacknowledged: open.filter((a) => a.level === 'critical' && a.status === 'new')
      .length,
    overdue: open.filter((a) => new Date(a.due ?? 0).getTime() < Date.now()).length,
    drill: 0,
    silent_sources: 3,
    as_of: iso(Date.now()),
  };
}

function event(at: number): Record<string, unknown> {
  const when = Date.now() - at * 3100;
  const failed = at % 5 !== 0;
  const host = hosts[at % hosts.length];
  const user = users[(at * 7) % users.length];
  return {
    _id: `e${at}`,
    _source: 'windows',
    '@timestamp': iso(when),
    'host.name': host,
    'user.name': user,
    'source.ip': `203.0.113.${[77, 12, 20][at % 3]}`,
    'source.port': 51822,
    'event.action': 'logon_remote',
    'event.outcome': failed ? 'failure' : 'success',
    'event.code': failed ? '4625' : '4624',
    'winlog.logon.type': 10,
    message: failed ? 'Sai mật khẩu (0xC000006A)' : 'Kiểu 10, gói Negotiate',
    'event.original': `${host} Security ${failed ? 4625 : 4624} LogonType=10 TargetUserName=${user} IpAddress=203.0.113.77 WorkstationName=- AuthenticationPackage=Negotiate IpPort=51822`,
  };
}

function detail(a: S['Alert']): S['AlertDetail'] {
  const source = '203.0.113.77';
  return {
    ...a,
    matched: [
      { field: 'event.outcome', value: 'success' },
      { field: 'winlog.logon.type', value: '10' },
      { field: 'source.ip', value: source },
    ],
    group:
      a.kind === 'indicator'
        ? [{ field: 'indicator', value: source }]
        : [{ field: 'user.name', value: 'ketoan01' }],
    events: Array.from({ length: 5 }, (_, n) => event(n)),
    entities: [
      { kind: 'ip', value: source, field: 'source.ip' },
      { kind: 'user', value: 'ketoan01', field: 'user.name' },
      { kind: 'host', value: a.host ?? '', field: 'host.name' },
    ],
    rule: {
      id: a.rule_id,
      title: a.rule_title,
      title_vi: a.rule_title_vi ?? '',
      level: a.level,
      description_vi:
        'Nhiều lần đăng nhập từ xa thất bại rồi một lần thành công từ cùng một địa chỉ.',
      description: 'Many failed remote logins, then one that succeeds, from one address.',
      tags: ['attack.credential-access', 'attack.t1110.001'],
      false_positives: ['Người dùng quên mật khẩu rồi nhớ lại'],
    },
    outcomes: { days: 90, true_positive: 14, false_positive: 3, benign: 0, duplicate: 0, open: 1 },
    prevalence: [
      {
        field: 'source.ip',
        value: source,
        hosts: 2,
        events: 96,
      },
    ],
    timeline: [
      { time: a.raised, kind: 'raised', actor: null },
      ...(a.status !== 'new'
        ? [
            {
              time: a.updated,
              kind: 'acknowledged' as const,
              actor: { id: 'me', name: 'Trực ban 1' },
            },
          ]
        : []),
    ],
    actions:
      a.status === 'closed'
        ? ['reopen']
        : a.status === 'new'
          ? ['acknowledge', 'assign', 'close']
          : ['assign', 'close'],
  };
}

function change(a: S['Alert'], what: S['AlertChange']) {
  a.version += 1;
  a.updated = iso(Date.now());
  if (what.action === 'acknowledge') {
    a.status = 'acknowledged';
    a.assignee = { id: 'me', name: 'Trực ban 1' };
    a.due = iso(Date.now() + 4 * kHour);
    a.due_kind = 'close';
  } else if (what.action === 'assign') {
    a.assignee = what.assignee ? { id: 'me', name: 'Trực ban 1' } : null;
  } else if (what.action === 'close') {
    a.status = 'closed';
    a.verdict = what.verdict ?? null;
    a.comment = what.comment ?? null;
    a.closed_at = a.updated;
  } else {
    a.status = 'new';
    a.verdict = null;
  }
  publish('alert', { change: 'changed', alert: a });
}

function source(at: number): S['Source'] {
  const names = [
    'Tường lửa Xã Mẫu 12',
    'DNS Trường THPT Mẫu 2',
    'Chống mã độc Sở Xây dựng',
    'Cân bằng tải dịch vụ công',
    'Thư điện tử tỉnh',
    'Máy chủ miền Sở Y tế',
    'VPN tỉnh',
    'Tường lửa lõi',
    'DNS tỉnh',
    'Luồng mạng biên',
    'Hồ sơ bệnh án',
    'Máy trạm Phường Mẫu 3',
    'Camera trung tâm',
  ];
  const state = at < 3 ? 'silent' : at === 3 ? 'failing' : at === 4 ? 'slow' : 'receiving';
  const silent = [42, 70, 185][at] ?? 0;
  return {
    name: `nguon-${at}`,
    title: names[at] ?? '',
    kind: at % 2 ? 'syslog' : 'http',
    profile: ['firewall', 'dns', 'windows', 'nginx', 'linux'][at % 5] ?? 'linux',
    unit: units[at % units.length] ?? null,
    rate: state === 'silent' ? 0 : ([612, 38, 418, 96, 1284, 932, 704, 152, 4, 61][at - 3] ?? 27),
    spark: Array.from({ length: 24 }, (_, h) =>
      state === 'silent' && h > 22 ? 0 : 60 + Math.round(30 * Math.sin(h / 4 + at)),
    ),
    events: 10_000 * at,
    last_event: iso(Date.now() - (state === 'silent' ? silent * kMinute : 1000)),
    parse_failed: at === 3 ? 1706 : 0,
    parse_failed_percent: at === 3 ? 4.82 : 0,
    dropped: 0,
    state,
    silent_for_s: state === 'silent' ? silent * 60 : null,
    usual_gap_s: [120, 300, 1800][at] ?? 2,
    snooze_until: null,
    drill: false,
  };
}

async function body(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

type Reply = { status?: number; data?: unknown };
const fault = (status: number, code: string, message: string, where?: string): Reply => ({
  status,
  data: { error: { code, message, request_id: 'fx-0193f2', ...(where ? { where } : {}) } },
});

let signedIn = true;

function searchAnswer(asked: Record<string, unknown>): Reply {
  const query = String(asked.query ?? '');
  const bad = query.indexOf('((');
  if (bad >= 0) {
    return fault(400, 'invalid_argument', 'cần một điều kiện sau dấu ngoặc', `column ${bad + 2}`);
  }
  if (query.includes('khongco')) {
    return {
      data: {
        columns: [],
        rows: [],
        scanned_bytes: 4096,
        took_ms: 3,
        partial: false,
        silent_sources: ['Tường lửa Xã Mẫu 12'],
      },
    };
  }
  const facets = (asked.facets as string[] | undefined)?.map((field) => ({
    field,
    values: [2961, 1874, 1012, 688, 517, 40].map((count, at) => ({
      value: String(event(at)[field] ?? '') || `giá trị ${at}`,
      count,
    })),
  }));
  const common = { scanned_bytes: 43_620_000, scanned_events: 184_312, took_ms: 34, facets };
  if (query.includes('| stats')) {
    const by = /by (\S+)/.exec(query)?.[1] ?? 'user.name';
    const rows = users.map((user, at) => ({ [by]: user, count: 3000 - at * 437 }));
    return { data: { ...common, columns: [by, 'count'], rows, partial: false } };
  }
  const start = Date.now() - 24 * kHour;
  const bars = (asked.histogram as { buckets?: number } | undefined)?.buckets ?? 72;
  const day = (at: number) => Math.sin((Math.PI * (at / bars) * 24 - 4) / 11);
  const base = Array.from({ length: bars }, (_, at) =>
    Math.round(40 + 120 * Math.max(0, day(at)) + random() * 20),
  );
  const bad2 = base.map((_, at) => (at > bars - 6 ? 200 : Math.round(8 * random())));
  const from = asked.cursor ? Number(asked.cursor) : 0;
  const limit = Number(asked.limit ?? 100);
  return {
    data: {
      ...common,
      columns: ['@timestamp', 'event.original'],
      rows: Array.from({ length: limit }, (_, n) => event(from + n)),
      cursor: from + limit < 2000 ? String(from + limit) : null,
      partial: query.includes('partial') ? 'hết thời gian 30 giây' : false,
      total: 11_235,
      from: iso(start),
      to: iso(Date.now()),
      ...(asked.histogram
        ? {
            histogram: {
              from: iso(start),
              step_ms: (24 * kHour) / bars,
              counts: base.map((n, at) => n + (bad2[at] ?? 0)),
              split: [
                { value: 'success', counts: base },
                { value: 'failure', counts: bad2 },
              ],
            },
          }
        : {}),
    },
  };
}

async function answer(request: IncomingMessage, url: URL, mode: string): Promise<Reply> {
  const { pathname, searchParams: query } = url;
  const method = request.method ?? 'GET';
  const empty = mode === 'empty';
  if (pathname === '/api/v1/session') {
    if (method === 'DELETE') {
      signedIn = false;
      return { status: 204 };
    }
    if (method === 'POST') {
      const { password, totp } = await body(request);
      if (password === 'locked') {
        return {
          status: 401,
          data: {
            error: { code: 'locked', message: 'locked', retry_after_s: 300, request_id: 'fx-1' },
          },
        };
      }
      if (password === 'totp' && !totp) return fault(401, 'totp_required', 'code needed');
      if (password === 'wrong') return fault(401, 'invalid_credentials', 'wrong');
      signedIn = true;
    } else if (!signedIn) return fault(401, 'unauthenticated', 'no session');
    const all = [
      'alerts_view',
      'alerts_handle',
      'events_search',
      'rules_view',
      'rules_edit',
      'sources_view',
      'sources_edit',
    ];
    return {
      data: {
        user: { id: 'me', name: 'Trực ban 1' },
        role: 'analyst',
        permissions: mode === 'denied' ? ['alerts_view'] : all,
        unit: null,
        totp: false,
        csrf: 'x',
        expires: iso(Date.now() + 8 * kHour),
      },
    };
  }
  if (mode === 'failed' && method === 'GET')
    return fault(500, 'internal', 'cơ sở dữ liệu không trả lời');
  if (mode === 'slow') await new Promise((done) => setTimeout(done, 20_000));
  const list = empty ? [] : wanted(query);
  switch (pathname) {
    case '/api/v1/units':
      return { data: { units } };
    case '/api/v1/users':
      return {
        data: {
          users: ['An', 'Ân', 'Đà', 'Bình'].map((name, at) => ({
            id: `p${at}`,
            name,
            role: 'analyst',
          })),
        },
      };
    case '/api/v1/alerts/groups': {
      const groups = groupsOf(list);
      return {
        data: {
          groups,
          total_groups: groups.length,
          total_alerts: list.length,
          as_of: iso(Date.now()),
        },
      };
    }
    case '/api/v1/alerts':
      return { data: { alerts: list.slice(0, 200), total: list.length, as_of: iso(Date.now()) } };
    case '/api/v1/alerts/counts':
      return {
        data: empty
          ? {
              open: 0,
              open_groups: 0,
              mine: 0,
              critical_unacknowledged: 0,
              overdue: 0,
              drill: 21,
              silent_sources: 0,
              as_of: iso(Date.now()),
            }
          : counts(),
      };
    case '/api/v1/alerts/bulk': {
      const what = (await body(request)) as S['BulkChange'];
      const these = alerts.filter((a) => what.ids?.includes(a.id));
      undos.set('u1', structuredClone(these));
      for (const a of these) change(a, what);
      return {
        data: {
          changed: these.length,
          skipped: 0,
          undo: { token: 'u1', until: iso(Date.now() + 30_000) },
        },
      };
    }
    case '/api/v1/desk': {
      const c = counts();
      const critical = alerts
        .filter((a) => a.level === 'critical' && a.status === 'new')
        .slice(0, 3);
      const mine = alerts.filter((a) => a.level === 'high').slice(0, 7);
      return {
        data: {
          as_of: c.as_of,
          critical_unacknowledged: {
            count: empty ? 0 : critical.length,
            oldest: empty ? null : (critical[1]?.raised ?? null),
          },
          overdue: { count: empty ? 0 : 1, unit: units[0] ?? null },
          mine: { count: empty ? 0 : mine.length, next_due: empty ? null : (mine[0]?.due ?? null) },
          silent_sources: { count: empty ? 0 : 3, total: empty ? 0 : 214 },
          events_per_second: {
            now: empty ? 0 : 4812,
            usual_low: empty ? null : 3900,
            usual_high: empty ? null : 5200,
          },
          critical: empty ? [] : critical,
          my_alerts: empty ? [] : mine,
          silent: empty ? [] : [0, 1, 2].map(source),
          hours: Array.from({ length: 24 }, (_, h) => {
            const busy = h > 6 && h < 17 ? 30 : 15;
            const n = (x: number) => (empty ? 0 : x);
            return {
              hour: iso(Date.now() - (23 - h) * kHour),
              critical: n(h % 8 === 7 ? 2 : 0),
              high: n(Math.floor(random() * 5)),
              medium: n(busy + Math.floor(random() * 10)),
              low: 0,
              informational: 0,
            };
          }),
          recently_closed: empty
            ? []
            : alerts
                .filter((a) => a.level === 'low')
                .slice(0, 4)
                .map((a) => ({ ...a, closed_at: a.last })),
        },
      };
    }
    case '/api/v1/search':
      return searchAnswer(await body(request));
    case '/api/v1/search/cancel':
      return { data: { cancelled: true } };
    case '/api/v1/fields':
      return {
        data: {
          fields: [
            '@timestamp',
            'host.name',
            'user.name',
            'user.domain',
            'source.ip',
            'source.port',
            'event.action',
            'event.outcome',
            'event.code',
            'process.name',
            'process.command_line',
          ].map((name) => ({
            name,
            type: name.endsWith('.ip')
              ? 'ip'
              : name.endsWith('port')
                ? 'integer'
                : name === '@timestamp'
                  ? 'time'
                  : 'string',
            known: true,
          })),
          total: 11,
        },
      };
    case '/api/v1/sources': {
      const all = empty ? [] : Array.from({ length: 40 }, (_, at) => source(at));
      return {
        data: {
          sources: all,
          profiles: ['linux', 'windows', 'nginx'],
          formats: [],
          total: all.length,
          receiving: Math.max(0, all.length - 5),
          silent: empty ? 0 : 3,
          failing: empty ? 0 : 1,
          slow: empty ? 0 : 1,
          unassigned: 0,
          events_per_second: empty ? 0 : 4812,
          parse_failed: empty ? 0 : 1706,
          parse_failed_percent: empty ? 0 : 0.04,
          disk: {
            used_bytes: 9.1 * 1024 ** 3,
            free_bytes: 3 * 1024 ** 4,
            bytes_per_day: 1e9,
            days_left: 412,
          },
        },
      };
    }
    case '/api/v1/rules': {
      const rules = empty ? [] : allRules();
      return {
        data: {
          rules,
          loaded: rules.filter((rule) => rule.status === 'loaded' && rule.enabled).length,
          refused: rules.filter((rule) => rule.status === 'refused').length,
          disabled: rules.filter((rule) => !rule.enabled).length,
        },
      };
    }
    case '/api/v1/rules/coverage':
      return { data: coverage(empty ? [] : allRules()) };
    case '/api/v1/rules/exceptions':
      return method === 'POST'
        ? { status: 201, data: exceptions[0] }
        : { data: { exceptions: empty ? [] : exceptions } };
    case '/api/v1/rules/exceptions/preview':
      return { data: effect() };
    case '/api/v1/rules/packs':
      return { data: method === 'POST' ? packChange(url) : { packs: empty ? [] : packs } };
    case '/api/v1/rules/reload':
      return { data: { loaded: 15, refused: 1, seconds: 0.1 } };
    case '/api/v1/sources/try-line':
      return { data: { decoded: true, profile: 'linux', events: [event(1)] } };
  }
  const undo = /^\/api\/v1\/undo\/(.+)$/.exec(pathname)?.[1];
  if (undo) {
    const old = undos.get(undo);
    if (!old) return fault(404, 'not_found', 'too late');
    undos.delete(undo);
    for (const before of old) {
      const a = alerts.find((each) => each.id === before.id);
      if (a) Object.assign(a, before, { version: a.version + 1 });
    }
    return { data: { changed: old.length } };
  }
  if (/^\/api\/v1\/rules\/[^/]+\/explain$/.test(pathname)) return { data: explanation(pathname) };
  if (/^\/api\/v1\/rules\/exceptions\/.+/.test(pathname)) return { data: exceptions[0] };
  if (/^\/api\/v1\/rules\/packs\/.+/.test(pathname)) return { data: packs[0] };
  if (/^\/api\/v1\/rules\/.+/.test(pathname)) {
    const id = pathname.split('/').pop() ?? '';
    const rule = allRules().find((each) => each.id === id);
    if (!rule) return fault(404, 'not_found', 'none');
    if (method === 'PATCH') {
      const what = (await body(request)) as { enabled: boolean; reason?: string };
      switched.set(id, what);
      return { data: allRules().find((each) => each.id === id) };
    }
    return { data: ruleDetail(rule) };
  }
  const one = /^\/api\/v1\/alerts\/([^/]+)(\/events|\/notes)?$/.exec(pathname);
  const found = alerts.find((a) => a.id === one?.[1]);
  if (!found) return fault(404, 'not_found', 'none');
  if (one?.[2] === '/events') {
    return {
      data: { events: Array.from({ length: 13 }, (_, n) => event(n)), kept: false, total: 13 },
    };
  }
  if (one?.[2] === '/notes') return { status: 201, data: { time: iso(Date.now()), kind: 'note' } };
  if (method === 'PATCH') {
    const what = (await body(request)) as S['AlertChange'];
    if (request.headers['if-match'] !== `"${found.version}"`) {
      return {
        status: 412,
        data: { error: { code: 'conflict', message: 'changed', request_id: 'fx' }, current: found },
      };
    }
    undos.set('u2', [structuredClone(found)]);
    change(found, what);
    return { data: { alert: found, undo: { token: 'u2', until: iso(Date.now() + 30_000) } } };
  }
  return { data: detail(found) };
}

export function fixture(): Plugin {
  return {
    name: 'gac-fixture',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const asked = url.searchParams.get('fixture');
        if (asked !== null) response.setHeader('Set-Cookie', `fixture=${asked}; Path=/`);
        if (!url.pathname.startsWith('/api/')) {
          next();
          return;
        }
        const mode = /fixture=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
        if (url.pathname === '/api/v1/live') {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.write(': hello\n\n');
          streams.push(response);
          request.on('close', () => {
            streams = streams.filter((each) => each !== response);
          });
          return;
        }
        if (url.pathname === '/api/v1/fixture/raise') {
          const n = 48300 + alerts.length;
          const made = {
            ...structuredClone(alerts[0] as S['Alert']),
            id: `new${n}`,
            rule_id: `n${n}`,
            number: n,
            last: iso(Date.now()),
            raised: iso(Date.now()),
            status: 'new' as const,
          };
          alerts.unshift(made);
          publish('alert', { change: 'raised', alert: made });
        }
        answer(request, url, mode).then(
          ({ status = 200, data }) => {
            response.writeHead(status, {
              'Content-Type': 'application/json',
              'X-Request-Id': 'fx-0193f2',
            });
            response.end(data === undefined ? undefined : JSON.stringify(data));
          },
          (error: unknown) => {
            response.writeHead(500);
            response.end(String(error));
          },
        );
      });
    },
  };
}
