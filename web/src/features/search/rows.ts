// Rows of a search answer: their texts, the fields they hold, the widths of their columns.
export type EventRow = Record<string, unknown>;

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(cellText).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The detail column: the message, else the line as it arrived. */
export function columnText(row: EventRow, column: string): string {
  if (column === 'message') return cellText(row.message) || cellText(row['event.original']);
  return cellText(row[column]);
}

/** How many different values each field has among the rows at hand. */
export function fieldsOf(rows: EventRow[]): Map<string, number> {
  const values = new Map<string, Set<string>>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (name.startsWith('_') || value === null || value === '') continue;
      let known = values.get(name);
      if (!known) {
        known = new Set();
        values.set(name, known);
      }
      known.add(cellText(value));
    }
  }
  return new Map([...values].map(([name, known]) => [name, known.size]));
}

const kWidths: Record<string, number> = {
  'host.name': 112,
  'user.name': 108,
  'source.ip': 132,
  'destination.ip': 132,
  'event.action': 104,
  'event.outcome': 112,
  'event.code': 72,
};

export function template(columns: string[]): string {
  const widths = columns.map((name, at) => {
    if (name === 'message' || name === 'event.original' || at === columns.length - 1) {
      return 'minmax(240px, 1fr)';
    }
    return `${kWidths[name] ?? 132}px`;
  });
  return `16px 140px ${widths.join(' ')}`;
}

export function tableTemplate(columns: string[]): string {
  return columns
    .map((name) =>
      /^count$|^(sum|avg|min|max|dc)\b/.test(name) ? '120px' : 'minmax(140px, 320px)',
    )
    .join(' ');
}

/** Picks how often the axis carries a label, so that about six stand on it. */
export function labelEvery(bars: number): number {
  return Math.max(1, Math.ceil(bars / 6));
}

const kFirstGroups = ['event', 'host', 'user', 'source', 'destination', 'process'];

/** The fields of an event by the first part of their names, the ones that matter first. */
export function groupsOf(row: EventRow): [string, [string, string][]][] {
  const groups = new Map<string, [string, string][]>();
  for (const [name, value] of Object.entries(row)) {
    if (name.startsWith('_') || name === 'event.original' || name === '@timestamp') continue;
    const dot = name.indexOf('.');
    const group = name === 'message' ? 'event' : dot > 0 ? name.slice(0, dot) : '';
    const list = groups.get(group) ?? [];
    list.push([name, cellText(value)]);
    groups.set(group, list);
  }
  const rank = (group: string) => {
    if (group === '') return 99;
    const at = kFirstGroups.indexOf(group);
    return at < 0 ? 50 : at;
  };
  if (!groups.has('event')) groups.set('event', []);
  return [...groups].sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}

/** RFC 4180, with the name of each column; a cell that a spreadsheet would run as a formula gets an apostrophe. */
export function toCsv(columns: string[], rows: EventRow[]): string {
  const cell = (value: unknown) => {
    const text = cellText(value);
    const formula = /^[=+\-@\t\r]/.test(text) && typeof value !== 'number' && text !== '@timestamp';
    const safe = formula ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name]))];
  return `${lines.map((line) => line.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** One object a line. */
export function toNdjson(rows: EventRow[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** Every field of the rows, time first: the columns of an export of events. */
export function allColumns(rows: EventRow[]): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  names.delete('_id');
  names.delete('@timestamp');
  return ['@timestamp', ...[...names].sort()];
}

/** Which columns of a table name its rows, and which measure them. */
export function shapeOf(columns: string[], rows: EventRow[]) {
  const numeric = columns.filter((name) => {
    const made = /^(count|(sum|avg|min|max|dcount|p\d+|percentile\w*)\(.*\))$/.test(name);
    const numbers = rows.every((row) => row[name] === null || typeof row[name] === 'number');
    return rows.length > 0 && numbers && (made || !name.includes('.'));
  });
  const names = columns.filter((name) => !numeric.includes(name));
  const times =
    names.length > 0 &&
    rows.length > 0 &&
    rows.every((row) => /^\d{4}-\d\d-\d\dT/.test(cellText(row[names[0] ?? ''])));
  return { names, numeric, times };
}

const kFilledMax = 2000;

/** Times in order, with those between them where nothing happened: a line must not jump over a gap. */
export function filled(times: string[]): string[] {
  const at = times.map((time) => Date.parse(time)).sort((a, b) => a - b);
  const first = at[0];
  const last = at[at.length - 1];
  let step = Number.POSITIVE_INFINITY;
  for (let n = 1; n < at.length; n += 1) step = Math.min(step, (at[n] ?? 0) - (at[n - 1] ?? 0));
  const known = new Map(times.map((time) => [Date.parse(time), time]));
  if (
    first === undefined ||
    last === undefined ||
    !(step > 0) ||
    last - first > step * kFilledMax
  ) {
    return [...times].sort();
  }
  const out: string[] = [];
  for (let time = first; time <= last; time += step) {
    out.push(known.get(time) ?? new Date(time).toISOString());
  }
  // Steps of unequal length (months) fall between: then the times alone are right.
  return out.filter((time) => times.includes(time)).length === known.size ? out : [...times].sort();
}
