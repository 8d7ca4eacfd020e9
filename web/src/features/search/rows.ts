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
