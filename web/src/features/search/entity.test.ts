import { expect, test } from 'vitest';
import { entityFacets, entityKind, entityQuery, parseEntity } from './entity.ts';

test('the kind comes from the value, then from the field', () => {
  expect(entityKind('message', '10.0.0.1')).toBeNull();
  expect(entityKind('anything', '10.0.0.1')).toBe('ip');
  expect(entityKind('anything', '2001:db8::1')).toBe('ip');
  expect(entityKind('anything', '12:30')).toBeNull();
  expect(entityKind('user.target.name', 'root')).toBe('user');
  expect(entityKind('host.name', 'SYT-FS01')).toBe('host');
  expect(entityKind('url.domain', 'example.org')).toBe('domain');
  expect(entityKind('x', 'd41d8cd98f00b204e9800998ecf8427e')).toBe('hash');
  expect(entityKind('event.action', 'logon')).toBeNull();
  expect(entityKind('user.name', '')).toBeNull();
});

test('an address is looked for at both ends', () => {
  expect(entityQuery('source.ip', '10.0.0.1')).toBe(
    '(source.ip:10.0.0.1 or destination.ip:10.0.0.1 or host.ip:10.0.0.1)',
  );
  expect(entityQuery('srcip', '2001:db8::1')).toBe(
    '(source.ip:"2001:db8::1" or destination.ip:"2001:db8::1" or host.ip:"2001:db8::1" or srcip:"2001:db8::1")',
  );
  expect(entityQuery('host.name', 'A B')).toBe('host.name:"A B"');
});

test('what is counted leaves the field itself out', () => {
  expect(entityFacets('host.name', 'a')).not.toContain('host.name');
  expect(entityFacets('event.action', 'x')).toEqual(['host.name', 'user.name', 'gac.source']);
});

test('an entity in the address', () => {
  expect(parseEntity('source.ip:2001:db8::1')).toEqual({
    field: 'source.ip',
    value: '2001:db8::1',
  });
  for (const wrong of [undefined, '', 'x', ':x', 'x:']) expect(parseEntity(wrong)).toBeNull();
});
