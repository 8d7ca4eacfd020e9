// All events of a question as a file, streamed by the server: what it takes, and where it is.
import { splitPipes } from '@/api/query.ts';
import { filterField } from './filterField.ts';

export type Whole = { format: 'ndjson' | 'spreadsheet'; query: string; from: string; to?: string };

/** The first pipe that an export of all events does not take, without its arguments; '' when there is none. */
export function foreignPipe(query: string): string {
  let { pipes } = splitPipes(query);
  while (pipes !== '') {
    const name = /^\|\s*(\S*)/.exec(pipes)?.[1] ?? '';
    if (name.toLowerCase() !== 'fields') return name;
    pipes = splitPipes(pipes.slice(1)).pipes;
  }
  return '';
}

/** The question with the columns on screen, unless it names its own. */
export function withColumns(query: string, columns: string[]): string {
  const { filter, pipes } = splitPipes(query);
  if (pipes !== '' || columns.length === 0) return query;
  const names = columns.map((name) => (name === 'message' ? name : filterField(name)));
  return `${filter || '*'} | fields ${[...new Set(['@timestamp', ...names])].join(', ')}`;
}

export function exportPath(whole: Whole): string {
  return `/api/v1/history/export?${new URLSearchParams(whole)}`;
}
