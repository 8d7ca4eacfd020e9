import { expect, test } from 'vitest';
import { clean, faultOf, fieldsOf, groupFields, silencesAll, startFrom } from './model.ts';

const event = {
  _id: '7',
  '@timestamp': '2026-11-22T14:59:13Z',
  'event.original': 'raw',
  'host.name': 'BV-BACKUP01',
  'user.name': 'svc_backup',
  'process.command_line': 'vssadmin delete shadows',
  tags: ['a', 'b'],
  port: 0,
  empty: '',
};

test('fields of an event: no internals, no raw text, no empty ones', () => {
  expect([...fieldsOf(event)]).toEqual([
    ['host.name', 'BV-BACKUP01'],
    ['user.name', 'svc_backup'],
    ['process.command_line', 'vssadmin delete shadows'],
    ['tags', 'a, b'],
    ['port', '0'],
  ]);
});

test('it starts from who and where, then what matched, four at most and none twice', () => {
  const matched = [
    { field: 'CommandLine', value: 'vssadmin delete shadows' },
    { field: 'Image', value: 'C:\\vssadmin.exe' },
    { field: 'More', value: 'x' },
  ];
  expect(startFrom(event, matched).map((each) => each.field)).toEqual([
    'host.name',
    'user.name',
    'CommandLine',
    'Image',
  ]);
  expect(startFrom(undefined, [])).toEqual([{ field: '', op: 'equals', value: '' }]);
});

test('a correlation starts from what it groups by, and offers nothing else', () => {
  const group = [{ field: 'TargetUserName', value: 'ketoan01' }];
  const fields = groupFields(group);
  expect(startFrom(fields, group)).toEqual([
    { field: 'TargetUserName', op: 'equals', value: 'ketoan01' },
  ]);
  expect([...fieldsOf(fields).keys()]).toEqual(['TargetUserName']);
});

test('what cannot be sent is named by its place', () => {
  expect(faultOf([])).toEqual({ kind: 'none' });
  expect(faultOf([{ field: 'a', op: 'equals', value: 'b' }])).toBeNull();
  expect(
    faultOf([
      { field: 'a', op: 'equals', value: 'b' },
      { field: ' ', op: 'equals', value: 'b' },
    ]),
  ).toEqual({ kind: 'field', at: 2 });
  expect(faultOf([{ field: 'a', op: 'cidr', value: '' }])).toEqual({ kind: 'value', at: 1 });
});

test('names lose their spaces, values keep theirs and are composed', () => {
  expect(clean([{ field: ' a ', op: 'contains', value: ' đê\u0309 ' }])).toEqual([
    { field: 'a', op: 'contains', value: ' đ\u1ec3 ' },
  ]);
});

test('silencing everything is told apart from silencing nothing', () => {
  const effect = { scanned_events: 9, from: '', to: '', samples: [], partial: false, took_ms: 1 };
  expect(silencesAll({ ...effect, matched: 3, silenced: 3 })).toBe(true);
  expect(silencesAll({ ...effect, matched: 3, silenced: 2 })).toBe(false);
  expect(silencesAll({ ...effect, matched: 0, silenced: 0 })).toBe(false);
});
