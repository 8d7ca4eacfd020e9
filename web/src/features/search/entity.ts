// What kind of thing a value is, which question finds everything about it, and what is worth counting.
import { quote } from '@/api/query.ts';
import type { TextKey } from '@/text/index.ts';

export type EntityKind = 'ip' | 'user' | 'host' | 'domain' | 'hash' | 'process' | 'file';

export const kEntityKeys: Record<EntityKind, TextKey> = {
  ip: 'find.entity.ip',
  user: 'find.entity.user',
  host: 'find.entity.host',
  domain: 'find.entity.domain',
  hash: 'find.entity.hash',
  process: 'find.entity.process',
  file: 'find.entity.file',
};

const kIp4 = /^(?:\d{1,3}\.){3}\d{1,3}$/;
const kIp6 = /^(?=.*:.*:)[0-9a-f:.]+$/i;
const kHash = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i;

export function entityKind(field: string, value: string): EntityKind | null {
  if (value === '') return null;
  if (field === 'message' || field === 'event.original' || field === '@timestamp') return null;
  if (kIp4.test(value) || kIp6.test(value)) return 'ip';
  if (kHash.test(value)) return 'hash';
  if (/(^|\.)user(\.\w+)?\.name$|^user\.name$/.test(field)) return 'user';
  if (/^(host|observer)\.name$|^log\.syslog\.hostname$/.test(field)) return 'host';
  if (/(^|\.)(domain|registered_domain)$|^dns\.question\.name$/.test(field)) return 'domain';
  if (/^process\.(parent\.)?(name|executable)$/.test(field)) return 'process';
  if (/^file\.(name|path)$/.test(field)) return 'file';
  return null;
}

const kSame: Partial<Record<EntityKind, string[]>> = {
  ip: ['source.ip', 'destination.ip', 'host.ip'],
  user: ['user.name', 'user.target.name', 'user.effective.name'],
};

/** The question that finds the entity wherever it stands. */
export function entityQuery(field: string, value: string): string {
  const kind = entityKind(field, value);
  const fields = new Set(kind ? (kSame[kind] ?? []) : []);
  fields.add(field);
  const tests = [...fields].map((name) => `${name}:${quote(value)}`);
  return tests.length === 1 ? (tests[0] ?? '') : `(${tests.join(' or ')})`;
}

const kFacets: Record<EntityKind, string[]> = {
  ip: ['host.name', 'user.name', 'event.action', 'destination.port', 'gac.source'],
  user: ['source.ip', 'host.name', 'event.action', 'event.outcome', 'gac.source'],
  host: ['user.name', 'source.ip', 'event.action', 'process.name', 'gac.source'],
  domain: ['source.ip', 'host.name', 'user.name', 'gac.source'],
  hash: ['host.name', 'user.name', 'process.name', 'gac.source'],
  process: ['host.name', 'user.name', 'process.command_line', 'gac.source'],
  file: ['host.name', 'user.name', 'process.name', 'gac.source'],
};

export function entityFacets(field: string, value: string): string[] {
  const kind = entityKind(field, value);
  return (kind ? kFacets[kind] : ['host.name', 'user.name', 'gac.source']).filter(
    (name) => name !== field,
  );
}

/** `field:value` as it stands in the address. */
export function parseEntity(text: string | undefined): { field: string; value: string } | null {
  const at = text?.indexOf(':') ?? -1;
  if (!text || at < 1 || at === text.length - 1) return null;
  return { field: text.slice(0, at), value: text.slice(at + 1) };
}
