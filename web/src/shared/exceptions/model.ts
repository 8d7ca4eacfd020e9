// What a person is writing: conditions, reason and end of an exception, before the server sees it.
import type { Schemas } from '@/api/client.ts';

export type Condition = Schemas['RuleExceptionCondition'];
export type RuleException = Schemas['RuleException'];
export type Effect = Schemas['RuleExceptionEffect'];
export type EventFields = Record<string, unknown>;

export const kOps: Condition['op'][] = ['equals', 'startswith', 'endswith', 'contains', 'cidr'];
export const kDays = [1, 7, 30, 90, 180, 365] as const;
export const kMaxConditions = 20;
const kMaxValue = 2000;
const kMaxStart = 4;

/** Fields that say who or what did it; they narrow an exception to the honest case. */
const kTelling = [
  'host.name',
  'user.name',
  'source.ip',
  'process.executable',
  'process.command_line',
  'process.name',
  'url.path',
];

export function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(text).filter(Boolean).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Fields of the event that an exception may ask for, with their values. */
export function fieldsOf(event: EventFields | undefined): Map<string, string> {
  const out = new Map<string, string>();
  for (const [name, value] of Object.entries(event ?? {})) {
    if (name.startsWith('_') || name === '@timestamp' || name === 'event.original') continue;
    const said = Array.isArray(value) && value.length === 1 ? text(value[0]) : text(value);
    if (said !== '' && said.length <= kMaxValue) out.set(name, said);
  }
  return out;
}

/** Where to start from: what made the rule match, then who and where, at most four. */
export function startFrom(
  event: EventFields | undefined,
  matched: { field: string; value: string }[],
): Condition[] {
  const fields = fieldsOf(event);
  const out: Condition[] = [];
  const add = (field: string, value: string | undefined) => {
    if (!value || value.length > kMaxValue || out.length >= kMaxStart) return;
    if (out.some((each) => each.field === field || each.value === value)) return;
    out.push({ field, op: 'equals', value });
  };
  for (const name of kTelling.slice(0, 3)) add(name, fields.get(name));
  for (const each of matched) add(each.field, each.value);
  for (const name of kTelling) add(name, fields.get(name));
  return out.length > 0 ? out : [{ field: '', op: 'equals', value: '' }];
}

/** A correlation is excepted by what it groups by: the other fields are those of single events. */
export const groupFields = (group: { field: string; value: string }[]): EventFields =>
  Object.fromEntries(group.map((each) => [each.field, each.value]));

export type Fault = { kind: 'none' } | { kind: 'field' | 'value'; at: number };

/** The first thing that keeps the conditions from being sent. */
export function faultOf(conditions: Condition[]): Fault | null {
  if (conditions.length === 0) return { kind: 'none' };
  for (const [at, each] of conditions.entries()) {
    if (each.field.trim() === '') return { kind: 'field', at: at + 1 };
    if (each.value === '') return { kind: 'value', at: at + 1 };
  }
  return null;
}

export function clean(conditions: Condition[]): Condition[] {
  return conditions.map((each) => ({
    field: each.field.trim(),
    op: each.op,
    value: each.value.normalize('NFC'),
  }));
}

export const inDays = (days: number, now: number) =>
  new Date(now + days * 86_400_000).toISOString();

export const silencesAll = (effect: Effect) =>
  effect.matched > 0 && effect.silenced === effect.matched;
