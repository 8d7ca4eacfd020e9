// What an explanation says, decided without drawing: which branches start open, and the one reason
// that a person wants to read first.
import type { Schemas } from '@/api/client.ts';
import type { TextKey } from '@/text/index.ts';

export type Explanation = Schemas['RuleExplanation'];
export type ExplainedNode = Schemas['RuleExplainedNode'];
export type ExplainedItem = Schemas['RuleExplainedItem'];
export type Op = ExplainedItem['expected'][number]['op'];

/** More children than this start folded where none of them holds: a list of thirty no's is no reason. */
const kManyChildren = 8;

export const isGroup = (node: ExplainedNode) => (node.children?.length ?? 0) > 0;

/** A group of one says no more than what it holds: the one, under the group's name. */
export function simplify(node: ExplainedNode): ExplainedNode {
  const children = node.children?.map(simplify);
  const [only] = children ?? [];
  if (only && children?.length === 1 && node.kind !== 'not') {
    const selection = node.selection ?? only.selection;
    const exception = node.exception ?? only.exception;
    return {
      ...only,
      ...(selection ? { selection } : {}),
      ...(exception ? { exception } : {}),
    };
  }
  return children ? { ...node, children } : node;
}

/** Whether the child is one of those that made its parent what it is. */
function decides(parent: ExplainedNode, child: ExplainedNode): boolean {
  switch (parent.kind) {
    case 'and':
      return parent.holds || !child.holds;
    case 'or':
      return !parent.holds || child.holds;
    case 'at_least':
      return parent.holds === child.holds;
    default:
      return true;
  }
}

/** Paths ("0.2.1", the root is "") of the groups that start open: those that decided the verdict. */
export function openAtFirst(root: ExplainedNode): Set<string> {
  const open = new Set<string>();
  const walk = (node: ExplainedNode, path: string) => {
    if (!isGroup(node)) return;
    const children = node.children ?? [];
    if (!node.holds && path !== '' && children.length > kManyChildren) return;
    // An exclusion that did not apply has nothing to tell.
    if (node.kind === 'not' && node.holds && path !== '') return;
    open.add(path);
    children.forEach((child, at) => {
      if (decides(node, child)) walk(child, path === '' ? String(at) : `${path}.${at}`);
    });
  };
  walk(root, '');
  return open;
}

export type Reason =
  | { kind: 'item'; item: ExplainedItem }
  | { kind: 'excluded'; name: string }
  | { kind: 'exception'; name: string };

/** The first thing that kept the rule from matching; null when it matched. */
export function firstReason(node: ExplainedNode): Reason | null {
  if (node.holds) return null;
  if (node.kind === 'not') {
    const inner = node.children?.[0];
    const exception = node.exception ?? inner?.exception;
    if (exception) return { kind: 'exception', name: exception };
    return { kind: 'excluded', name: node.selection ?? inner?.selection ?? heldName(inner) };
  }
  if (node.item) return { kind: 'item', item: node.item };
  for (const child of node.children ?? []) {
    const found = firstReason(child);
    if (found) return found;
  }
  return null;
}

/** The name of the part that held: the nearest selection, else the field it asks. */
function heldName(node: ExplainedNode | undefined): string {
  if (!node) return '';
  if (node.selection) return node.selection;
  if (node.item) return node.item.field;
  return heldName(node.children?.find((child) => child.holds));
}

export const kOpKeys: Record<Op, TextKey | string> = {
  equals: 'explain.op.equals',
  startswith: 'explain.op.startswith',
  endswith: 'explain.op.endswith',
  contains: 'explain.op.contains',
  any: 'explain.op.any',
  wildcard: 'explain.op.wildcard',
  number: 'explain.op.equals',
  bool: 'explain.op.equals',
  null: 'explain.op.null',
  exists: 'explain.op.exists',
  re: 'explain.op.re',
  cidr: 'explain.op.cidr',
  lt: '<',
  lte: '≤',
  gt: '>',
  gte: '≥',
  eq: 'explain.op.equals',
  neq: 'explain.op.neq',
  fieldref: 'explain.op.fieldref',
  timepart: 'explain.op.timepart',
};

/** Ops that say everything without a value. */
export const kBareOps: ReadonlySet<Op> = new Set(['any', 'null']);

export type Piece = { text: string; marked: boolean };

/** The event's value with the place marked where a wanted text was met. */
export function markHit(item: ExplainedItem): Piece[] {
  const text = item.actual?.value ?? '';
  const hit = item.expected.find((each) => each.hit);
  if (!hit) return [{ text, marked: false }];
  if (!['contains', 'startswith', 'endswith'].includes(hit.op) || hit.value === '') {
    return [{ text, marked: true }];
  }
  const low = hit.cased ? text : text.toLowerCase();
  const want = hit.cased ? hit.value : hit.value.toLowerCase();
  const at = hit.op === 'endswith' ? low.lastIndexOf(want) : low.indexOf(want);
  if (at < 0 || low.length !== text.length) return [{ text, marked: true }];
  return [
    { text: text.slice(0, at), marked: false },
    { text: text.slice(at, at + want.length), marked: true },
    { text: text.slice(at + want.length), marked: false },
  ].filter((piece) => piece.text !== '');
}

/** Whether the event's value is said already by the condition, so that it needs no line of its own. */
export function saidAlready(item: ExplainedItem): boolean {
  const hit = item.expected.find((each) => each.hit);
  return (
    hit !== undefined &&
    ['equals', 'number', 'bool', 'eq'].includes(hit.op) &&
    item.actual?.value.toLowerCase() === hit.value.toLowerCase()
  );
}
