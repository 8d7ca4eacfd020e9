// A filter of the search language as a tree, for saying it otherwise (as a rule). It reads what the
// server's parser accepts; a filter that the server refuses is never asked of it.

import { regexEnd } from '@/api/query.ts';

export type Test = {
  kind: 'test';
  /** Empty: a word or phrase anywhere in the line. */
  field: string;
  relation: 'is' | 'exists' | '<' | '<=' | '>' | '>=' | 're' | 'range';
  value: string;
  quoted: boolean;
  /** The wildcards in `value` that are meant as such, by place. */
  stars: readonly number[];
};
export type Tree =
  | { kind: 'all' }
  | { kind: 'and' | 'or'; of: Tree[] }
  | { kind: 'not'; of: Tree }
  | Test;

const kName = /^[\p{L}\p{N}_@][\p{L}\p{N}_.@-]*/u;

class Reader {
  at = 0;
  constructor(readonly text: string) {}

  space() {
    while (/\s/.test(this.text[this.at] ?? '')) this.at += 1;
  }
  ended() {
    this.space();
    return this.at >= this.text.length;
  }
  next(sign: string) {
    this.space();
    return this.text.startsWith(sign, this.at);
  }
  take(sign: string) {
    if (!this.next(sign)) return false;
    this.at += sign.length;
    return true;
  }
  nextWord(word: string) {
    this.space();
    const rest = this.text.slice(this.at, this.at + word.length);
    return (
      rest.toLowerCase() === word && /^($|[\s()|"])/.test(this.text.slice(this.at + word.length))
    );
  }
  takeWord(word: string) {
    if (!this.nextWord(word)) return false;
    this.at += word.length;
    return true;
  }

  either(): Tree {
    const all = [this.both()];
    while (this.takeWord('or')) all.push(this.both());
    return joined('or', all);
  }
  both(): Tree {
    const all: Tree[] = [];
    do {
      all.push(this.negation());
      if (this.takeWord('and')) continue;
    } while (!this.ended() && !this.next(')') && !this.next('|') && !this.nextWord('or'));
    return joined('and', all);
  }
  negation(): Tree {
    if (this.takeWord('not')) return { kind: 'not', of: this.negation() };
    return this.primary();
  }
  primary(): Tree {
    if (this.take('(')) {
      const inner = this.either();
      this.take(')');
      return inner;
    }
    this.space();
    const begin = this.at;
    let field = '';
    if (this.text[begin] === '"') {
      const name = this.quoted();
      if (this.text[this.at] !== ':') return { ...name, field: '' };
      field = name.value;
    } else {
      const rest = this.text.slice(begin);
      const name = kName.exec(rest)?.[0] ?? '';
      const sign = /^\s*(:|<|>)/.exec(rest.slice(name.length));
      const word = /^[^\s()|"]*/.exec(rest)?.[0] ?? '';
      const address = /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:./]*$/i.test(word);
      if (!name || !sign || address) {
        const bare = this.bare();
        if (bare.value === '*') return { kind: 'all' };
        return { ...bare, field: '' };
      }
      field = name;
      this.at += name.length;
      this.space();
    }
    return this.test(field);
  }
  test(field: string): Tree {
    if (this.take(':')) {
      if (this.take('(')) {
        const inner = this.values(field);
        this.take(')');
        return inner;
      }
      return this.value(field);
    }
    const relation = (['<=', '>=', '<', '>'] as const).find((sign) => this.take(sign)) ?? '<';
    this.space();
    const bound = this.text[this.at] === '"' ? this.quoted() : this.bare();
    return { ...bound, field, relation };
  }
  values(field: string): Tree {
    const all: Tree[] = [];
    do {
      const some = [this.valueNot(field)];
      while (this.takeWord('and')) some.push(this.valueNot(field));
      all.push(joined('and', some));
    } while (this.takeWord('or') || !(this.ended() || this.next(')') || this.next('|')));
    return joined('or', all);
  }
  valueNot(field: string): Tree {
    if (this.takeWord('not')) return { kind: 'not', of: this.valueNot(field) };
    if (this.take('(')) {
      const inner = this.values(field);
      this.take(')');
      return inner;
    }
    return this.value(field);
  }
  value(field: string): Tree {
    this.space();
    const c = this.text[this.at];
    if (c === '/') {
      const regex = this.regex();
      if (regex !== null) {
        return { kind: 'test', field, relation: 're', value: regex, quoted: true, stars: [] };
      }
    }
    if (c === '[' || c === '{') {
      const range = /^[[{][^\]}]*[\]}]/.exec(this.text.slice(this.at))?.[0];
      if (range && /\sto\s/i.test(range)) {
        this.at += range.length;
        return { kind: 'test', field, relation: 'range', value: range, quoted: false, stars: [] };
      }
    }
    const typed = c === '"' ? this.quoted() : this.bare();
    if (!typed.quoted && typed.value === '*') return { ...typed, field, relation: 'exists' };
    return { ...typed, field };
  }
  regex(): string | null {
    const end = regexEnd(this.text, this.at);
    if (end < 0) return null;
    const found = this.text.slice(this.at + 1, end - 1).replace(/\\\//g, '/');
    this.at = end;
    return found;
  }
  quoted(): Test {
    let value = '';
    for (this.at += 1; this.at < this.text.length; this.at += 1) {
      let c = this.text[this.at] ?? '';
      if (c === '"') {
        this.at += 1;
        break;
      }
      if (c === '\\' && /["\\]/.test(this.text[this.at + 1] ?? '')) {
        this.at += 1;
        c = this.text[this.at] ?? '';
      }
      value += c;
    }
    return { kind: 'test', field: '', relation: 'is', value, quoted: true, stars: [] };
  }
  bare(): Test {
    let value = '';
    const stars: number[] = [];
    for (; this.at < this.text.length; this.at += 1) {
      let c = this.text[this.at] ?? '';
      if (/[\s()|"]/.test(c)) break;
      if (c === '\\' && /[*?\\"()|:<>]/.test(this.text[this.at + 1] ?? '')) {
        this.at += 1;
        c = this.text[this.at] ?? '';
      } else if (c === '*' || c === '?') stars.push(value.length);
      value += c;
    }
    // A sign that begins no value would stop the reading for ever.
    if (value === '' && !this.next(')')) this.at += 1;
    return { kind: 'test', field: '', relation: 'is', value, quoted: false, stars };
  }
}

function joined(kind: 'and' | 'or', of: Tree[]): Tree {
  const first = of[0];
  return of.length === 1 && first ? first : { kind, of };
}

export function readFilter(filter: string): Tree {
  const reader = new Reader(filter);
  if (reader.ended()) return { kind: 'all' };
  return reader.either();
}
