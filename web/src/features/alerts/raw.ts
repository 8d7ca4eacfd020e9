// Cutting a raw event into pieces so that the values that made the rule match can be marked in it.
export type RawPiece = { text: string; marked: boolean };

/** Marks every occurrence of the values, longest first, as whole words where they begin or end in one. */
export function markValues(text: string, values: string[]): RawPiece[] {
  // A raw JSON line holds a value as JSON writes it, with its backslashes doubled.
  const written = values.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]);
  const wanted = [...new Set(written.filter((value) => value.length > 0))].sort(
    (a, b) => b.length - a.length,
  );
  if (wanted.length === 0) return text ? [{ text, marked: false }] : [];
  const escaped = wanted.map((value) => {
    const body = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const before = /^[\p{L}\p{N}_]/u.test(value) ? '(?<![\\p{L}\\p{N}_])' : '';
    const after = /[\p{L}\p{N}_]$/u.test(value) ? '(?![\\p{L}\\p{N}_])' : '';
    return `${before}${body}${after}`;
  });
  const out: RawPiece[] = [];
  let from = 0;
  for (const match of text.matchAll(new RegExp(escaped.join('|'), 'giu'))) {
    if (match.index > from) out.push({ text: text.slice(from, match.index), marked: false });
    out.push({ text: match[0], marked: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push({ text: text.slice(from), marked: false });
  return out;
}

/** The text of a field of an event, whatever its type. */
export function fieldText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(fieldText).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
