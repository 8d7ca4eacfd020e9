// The rules of the made-up night: list, details, coverage, exceptions, packs, an explanation.
import type { components } from '../src/api/schema.d.ts';

type S = components['schemas'];
const kHour = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z');

const kRules: [S['Level'], string, string, string, string[]][] = [
  [
    'critical',
    'Máy kết nối máy chủ điều khiển botnet',
    'Host talks to a botnet controller',
    'firewall',
    ['attack.command-and-control', 'attack.t1071.001'],
  ],
  [
    'critical',
    'Đăng nhập RDP thành công sau nhiều lần sai',
    'RDP login after many failures',
    'windows security',
    ['attack.credential-access', 'attack.t1110.001'],
  ],
  [
    'high',
    'Xoá bản sao lưu bóng bằng vssadmin',
    'Shadow copies deleted',
    'windows process_creation',
    ['attack.impact', 'attack.t1490'],
  ],
  [
    'high',
    'Mã độc chưa được làm sạch',
    'Malware not cleaned',
    'windows windefend',
    ['attack.execution', 'attack.t1204.002'],
  ],
  [
    'high',
    'Tạo tài khoản quản trị ngoài giờ',
    'Admin account made out of hours',
    'windows security',
    ['attack.persistence', 'attack.t1136.001', 'attack.t1098'],
  ],
  [
    'high',
    'Dò mật khẩu VPN từ nhiều địa chỉ',
    'VPN password spraying',
    'firewall',
    ['attack.credential-access', 'attack.t1110.003'],
  ],
  [
    'high',
    'PowerShell tải tệp từ Internet',
    'PowerShell download',
    'windows ps_script',
    ['attack.execution', 'attack.t1059.001', 'attack.t1105'],
  ],
  [
    'medium',
    'Tra tên miền nằm trong danh sách xấu',
    'Bad domain looked up',
    'dns',
    ['attack.command-and-control', 'attack.t1071.004'],
  ],
  [
    'medium',
    'Tắt chương trình chống mã độc',
    'Anti-malware turned off',
    'windows process_creation',
    ['attack.defense-impairment', 'attack.t1562.001'],
  ],
  [
    'medium',
    'Quét cổng trong mạng nội bộ từ một máy trạm không thuộc phòng Công nghệ thông tin',
    'Inside port scan',
    'firewall',
    ['attack.discovery', 'attack.t1046'],
  ],
  [
    'medium',
    'Dữ liệu gửi ra ngoài tăng bất thường',
    'Unusual upload',
    'firewall',
    ['attack.exfiltration', 'attack.t1048'],
  ],
  [
    'medium',
    'Dịch vụ mới cài bằng tài khoản SYSTEM',
    'New service as SYSTEM',
    'windows system',
    ['attack.persistence', 'attack.privilege-escalation', 'attack.t1543.003'],
  ],
  [
    'low',
    'Sai mật khẩu nhiều lần, không thành công',
    'Many wrong passwords',
    'linux sshd',
    ['attack.credential-access', 'attack.t1110'],
  ],
  [
    'informational',
    'Đăng nhập từ xa ngoài giờ',
    'Remote login out of hours',
    'windows security',
    ['attack.lateral-movement', 'attack.t1021.001'],
  ],
];

export const switched = new Map<string, { enabled: boolean; reason?: string }>();

export function allRules(): S['Rule'][] {
  return kRules.map(([level, vi, en, source, tags], at) => {
    const [product = '', service = ''] = source.split(' ');
    const refused = at === 4;
    const change = switched.get(`r${at}`);
    return {
      id: `r${at}`,
      title: en,
      title_vi: vi,
      description_vi:
        'Nhiều lần đăng nhập từ xa thất bại rồi một lần thành công từ cùng một địa chỉ. Kẻ dò mật khẩu có thể đã vào được.',
      description: 'Many failed remote logins, then one that succeeds, from one address.',
      level,
      tags,
      false_positives: ['Users who forget and then remember their password'],
      false_positives_vi: ['Người dùng quên mật khẩu rồi nhớ lại'],
      log_source:
        service === 'process_creation' ? { product, category: service } : { product, service },
      kind: at === 0 ? 'indicator' : at % 4 === 1 ? 'correlation' : 'sigma',
      status: refused ? 'refused' : 'loaded',
      ...(refused ? { reason: 'bổ nghĩa "base64offset" không đi cùng "re"' } : {}),
      line: refused ? 7 : null,
      path: `windows/rule_${at}.yml`,
      enabled: change ? change.enabled : at !== 8,
      ...((change ? change.enabled : at !== 8)
        ? {}
        : { disabled_by: 'Quản trị', disabled_reason: change?.reason ?? 'Gây nhiễu khi sao lưu' }),
      hits: at * at * 313,
      alerts: at * 7,
      last_hit: at % 5 === 4 ? null : iso(Date.now() - at * kHour),
      author: 'Trung tâm giám sát tỉnh',
      license: 'Apache-2.0',
      pack: at % 3 === 2 ? { name: 'sigma-core', version: 'r2026-11-01' } : null,
      exceptions: at === 2 ? 1 : 0,
      judged: at % 2 ? 20 + at : 0,
      false_positive_ratio: at % 2 ? (at % 7) / 8 : null,
      cost:
        at % 4 === 3
          ? null
          : {
              candidates: 120_000 * at,
              matches: at * 313,
              ns_per_evaluation: 80 + at * 21,
              share: at / 91,
            },
    };
  });
}

const kText = `title: Shadow copies deleted
logsource:
    product: windows
    category: process_creation
detection:
    selection_img:
        Image|endswith|base64offset: vssadmin.exe
    selection_cli:
        CommandLine|contains|all:
            - delete
            - shadows
    filter_backup:
        ParentImage|endswith: \\veeam.exe
    condition: all of selection_* and not filter_backup
level: high
`;

export function ruleDetail(rule: S['Rule']): S['RuleDetail'] {
  return {
    ...rule,
    text: kText,
    references: ['https://attack.mitre.org/techniques/T1490/'],
    date: '2025-03-02',
    modified: '2026-10-19',
    maturity: 'test',
    related: [],
    warnings: [],
  };
}

export function coverage(rules: S['Rule'][]): S['RuleCoverage'] {
  const tactics = new Map<string, S['RuleCoverage']['tactics'][number]>();
  const techniques = new Map<string, S['RuleCoverage']['techniques'][number]>();
  for (const rule of rules) {
    const tags = (rule.tags ?? []).map((tag) => tag.slice('attack.'.length));
    const named = tags.filter((tag) => !/^t\d/.test(tag));
    const add = { rules: 1, enabled: rule.enabled ? 1 : 0, hits: rule.hits };
    for (const id of named) {
      const old = tactics.get(id) ?? { id, rules: 0, enabled: 0, hits: 0 };
      tactics.set(id, {
        id,
        rules: old.rules + add.rules,
        enabled: old.enabled + add.enabled,
        hits: old.hits + add.hits,
      });
    }
    for (const tag of tags.filter((each) => /^t\d/.test(each))) {
      const id = tag.toUpperCase();
      const old = techniques.get(id) ?? {
        id,
        tactics: named,
        rules: 0,
        enabled: 0,
        hits: 0,
        rule_ids: [],
      };
      techniques.set(id, {
        ...old,
        rules: old.rules + add.rules,
        enabled: old.enabled + add.enabled,
        hits: old.hits + add.hits,
        rule_ids: [...old.rule_ids, rule.id],
      });
    }
  }
  return {
    rules: rules.length,
    rules_without_technique: 0,
    tactics: [...tactics.values()],
    techniques: [...techniques.values()],
  };
}

export const exceptions: S['RuleException'][] = (
  ['active', 'expired', 'removed', 'broken'] as const
).map((state, at) => ({
  id: `x${at}`,
  rule_id: at === 1 ? null : 'r2',
  rule_title: 'Shadow copies deleted',
  rule_title_vi: 'Xoá bản sao lưu bóng bằng vssadmin',
  conditions: [
    { field: 'host.name', op: 'equals', value: 'BV-BACKUP01' },
    { field: 'ParentImage', op: 'endswith', value: '\\\\Veeam\\\\Veeam.Backup.Manager.exe' },
  ],
  reason: 'Phòng Công nghệ thông tin bệnh viện xác nhận: phần mềm sao lưu dọn bản cũ hằng đêm.',
  created_by: 'Trực ban 1',
  created_at: iso(Date.now() - 9 * 24 * kHour),
  expires: iso(Date.now() + (at === 1 ? -2 : 21) * 24 * kHour),
  state,
  ...(state === 'broken' ? { fault: 'luật không còn trường ParentImage' } : {}),
  unit: at === 0 ? { id: 'u0', name: 'Bệnh viện tỉnh' } : null,
  changed_by: at === 2 ? 'Trực ban 2' : '',
  changed_at: at === 2 ? iso(Date.now() - kHour) : null,
  changed_reason: at === 2 ? 'Đã đổi phần mềm sao lưu' : '',
  version: 1,
}));

export function effect(): S['RuleExceptionEffect'] {
  return {
    matched: 126,
    silenced: 118,
    scanned_events: 4_812_339,
    from: iso(Date.now() - 30 * 24 * kHour),
    to: iso(Date.now()),
    scanned_from: iso(Date.now() - 12 * 24 * kHour),
    rules: [],
    samples: Array.from({ length: 4 }, (_, at) => ({
      rule_id: 'r2',
      event: {
        _id: `s${at}`,
        '@timestamp': iso(Date.now() - at * 24 * kHour),
        'host.name': 'BV-BACKUP01',
        message: 'vssadmin.exe delete shadows /for=D: /oldest /quiet',
      },
    })),
    partial: 'hết 20 giây',
    took_ms: 20_004,
  };
}

export const packs: S['RulePack'][] = [
  {
    name: 'sigma-core',
    version: 'r2026-11-01',
    versions: ['r2026-11-01', 'r2026-10-01'].map((version, at) => ({
      version,
      imported_at: iso(Date.now() - at * 30 * 24 * kHour),
      imported_by: 'Quản trị',
      origin: 'sigma_core.zip',
      rules: 1402 - at * 31,
    })),
  },
];

export function packChange(url: URL): S['RulePackChange'] {
  return {
    name: url.searchParams.get('name') ?? '',
    version: url.searchParams.get('version') || 'r2026-11-22',
    previous: 'r2026-11-01',
    preview: url.searchParams.get('preview') === 'true',
    added: 2,
    changed: 1,
    removed: 1,
    same: 1399,
    refused: 1,
    skipped: 4,
    rules: [
      {
        change: 'added',
        id: 'n1',
        title: 'Suspicious service binary in a user folder',
        path: 'rules/windows/a.yml',
      },
      { change: 'added', id: 'n2', title: 'Curl to a paste site', path: 'rules/linux/b.yml' },
      { change: 'changed', id: 'n3', title: 'Encoded PowerShell', path: 'rules/windows/c.yml' },
      { change: 'removed', id: 'n4', title: 'Old botnet address', path: 'rules/network/d.yml' },
      {
        change: 'refused',
        id: 'n5',
        title: 'Broken one',
        path: 'rules/windows/e.yml',
        line: 23,
        reason: 'condition: không có vùng chọn "selecton"',
      },
    ],
  };
}

type Op = S['RuleExplainedItem']['expected'][number]['op'];

function item(
  field: string,
  op: Op,
  values: string[],
  actual: string | null,
  holds: boolean,
): S['RuleExplainedNode'] {
  return {
    kind: 'item',
    holds,
    item: {
      holds,
      field,
      expected: values.map((value, at) => ({ op, value, hit: holds && at === 0 })),
      expected_count: values.length,
      actual: actual === null ? null : { field, ecs: '', value: actual },
    },
  };
}

export function explanation(path: string): S['RuleExplanation'] {
  const matches = !/r(3|5|7)\/explain/.test(path);
  const line = 'C:\\Windows\\System32\\vssadmin.exe delete shadows /all /quiet';
  return {
    rule_id: 'r2',
    title: 'Shadow copies deleted',
    title_vi: 'Xoá bản sao lưu bóng bằng vssadmin',
    verdict: matches ? 'match' : 'no_match',
    enabled: true,
    profile: 'windows',
    source: {
      holds: true,
      product: 'windows',
      category: 'process_creation',
      service: '',
      ways: [
        {
          holds: true,
          when: [
            item('EventID', 'number', ['4688'], '4688', true).item,
            item('Channel', 'equals', ['Security'], 'Security', true).item,
          ].filter((each) => each !== undefined),
        },
      ],
    },
    condition: {
      kind: 'and',
      holds: matches,
      children: [
        {
          kind: 'and',
          selection: 'selection_img',
          holds: true,
          children: [
            item(
              'Image',
              'endswith',
              ['\\vssadmin.exe', '\\wmic.exe', '\\diskshadow.exe', '\\wbadmin.exe'],
              'C:\\Windows\\System32\\vssadmin.exe',
              true,
            ),
          ],
        },
        {
          kind: 'and',
          selection: 'selection_cli',
          holds: matches,
          children: [
            item('CommandLine', 'contains', ['delete'], line, true),
            item('CommandLine', 'contains', [matches ? 'shadows' : 'catalog'], line, matches),
          ],
        },
        {
          kind: 'not',
          holds: true,
          children: [
            {
              kind: 'or',
              selection: 'filter_backup',
              holds: false,
              children: [
                item('ParentImage', 'endswith', ['\\veeam.exe'], null, false),
                item('User', 'equals', ['SYSTEM'], 'ketoan01', false),
              ],
            },
          ],
        },
      ],
    },
    references: [],
  };
}
