// The tree of conditions. Groups fold; arrow keys walk between them, right opens, left folds; each line
// says true or false in words for those who do not see the sign.
import { type KeyboardEvent, useMemo, useState } from 'react';
import { type TextKey, useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { ChevronDownIcon, ChevronRightIcon, CloseIcon, TickIcon } from '@/ui/icons.ts';
import {
  type ExplainedItem,
  type ExplainedNode,
  isGroup,
  kBareOps,
  kOpKeys,
  markHit,
  type Op,
  openAtFirst,
  saidAlready,
  simplify,
} from './model.ts';

const kShownValues = 3;

export function Sign({ holds }: { holds: boolean }) {
  const { t } = useText();
  return (
    <span className={holds ? 'sign yes' : 'sign no'}>
      {holds ? (
        <TickIcon size={14} stroke={2.2} aria-hidden />
      ) : (
        <CloseIcon size={14} stroke={2} aria-hidden />
      )}
      <span className="sr">{holds ? t('explain.true') : t('explain.false')}: </span>
    </span>
  );
}

export function ExplainTree({ root: whole, label }: { root: ExplainedNode; label: string }) {
  const root = useMemo(() => simplify(whole), [whole]);
  const [open, setOpen] = useState<ReadonlySet<string>>(() => openAtFirst(root));
  const toggle = (path: string, on?: boolean) =>
    setOpen((old) => {
      const next = new Set(old);
      if (on ?? !next.has(path)) next.add(path);
      else next.delete(path);
      return next;
    });
  const onKey = (event: KeyboardEvent<HTMLUListElement>) => {
    const here = (event.target as HTMLElement).closest<HTMLElement>('[data-path]');
    if (!here) return;
    const path = here.dataset.path ?? '';
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-path]')];
    const at = all.indexOf(here);
    let to: HTMLElement | undefined;
    if (event.key === 'ArrowDown') to = all[at + 1];
    else if (event.key === 'ArrowUp') to = all[at - 1];
    else if (event.key === 'ArrowRight') {
      if (open.has(path)) to = all[at + 1];
      else toggle(path, true);
    } else if (event.key === 'ArrowLeft') {
      if (open.has(path)) toggle(path, false);
      else {
        const up = path.split('.').slice(0, -1).join('.');
        to = all.find((each) => each.dataset.path === up);
      }
    } else return;
    event.preventDefault();
    to?.focus();
  };
  return (
    <ul className="etree" aria-label={label} onKeyDown={onKey}>
      <Branch node={root} path="" open={open} onToggle={toggle} />
    </ul>
  );
}

function Branch({
  node,
  path,
  open,
  onToggle,
}: {
  node: ExplainedNode;
  path: string;
  open: ReadonlySet<string>;
  onToggle: (path: string) => void;
}) {
  if (!isGroup(node)) {
    return (
      <li className="eleaf">
        <Sign holds={node.holds} />
        {node.item ? (
          <ItemWords item={node.item} name={node.selection} />
        ) : (
          <Constant node={node} />
        )}
      </li>
    );
  }
  const opened = open.has(path);
  return (
    <li>
      <button
        type="button"
        className={node.holds ? 'egroup' : 'egroup off'}
        data-path={path}
        aria-expanded={opened}
        onClick={() => onToggle(path)}
      >
        {opened ? (
          <ChevronDownIcon size={14} stroke={1.6} aria-hidden />
        ) : (
          <ChevronRightIcon size={14} stroke={1.6} aria-hidden />
        )}
        <Sign holds={node.holds} />
        <GroupWords node={node} />
      </button>
      {opened && (
        <ul>
          {node.children?.map((child, at) => (
            <Branch
              // biome-ignore lint/suspicious/noArrayIndexKey: a node is its place
              key={at}
              node={child}
              path={path === '' ? String(at) : `${path}.${at}`}
              open={open}
              onToggle={onToggle}
            />
          ))}
        </ul>
      )}
    </li>
  );
}

function Constant({ node }: { node: ExplainedNode }) {
  const { t } = useText();
  return (
    <span>
      {node.selection && <b className="mono">{node.selection} </b>}
      {node.holds ? t('explain.always') : t('explain.never')}
    </span>
  );
}

function GroupWords({ node }: { node: ExplainedNode }) {
  const { t } = useText();
  const children = node.children ?? [];
  const held = children.filter((child) => child.holds).length;
  const words =
    node.kind === 'and'
      ? t('explain.and')
      : node.kind === 'or'
        ? t('explain.or')
        : node.kind === 'not'
          ? t('explain.not')
          : t('explain.atLeast', { need: number(node.need), n: number(children.length) });
  const aside =
    node.kind === 'not'
      ? node.holds
        ? t('explain.notExcluded')
        : t('explain.excluded')
      : t('explain.heldOf', { held: number(held), n: number(children.length) });
  return (
    <>
      <span className="ewords">
        {node.exception && (
          <b>
            {t('explain.exception')} <span className="mono">{node.exception}</span>{' '}
          </b>
        )}
        {node.selection && <b className="mono">{node.selection} </b>}
        <span className={node.selection || node.exception ? 'dim' : ''}>{words}</span>
      </span>
      <span className="meta num">{aside}</span>
    </>
  );
}

export function opWords(op: Op, t: (key: TextKey) => string): string {
  const key = kOpKeys[op];
  return key.startsWith('explain.') ? t(key as TextKey) : key;
}

/** One test: field, what the rule wants, and what the event says. */
export function ItemWords({ item, name }: { item: ExplainedItem; name?: string | undefined }) {
  const { t } = useText();
  const [all, setAll] = useState(false);
  const hits = item.expected.filter((each) => each.hit);
  const first = (hits.length > 0 ? hits : item.expected).slice(0, kShownValues);
  const shown = all ? item.expected : first;
  const more = item.expected_count - shown.length;
  const unlisted = item.expected_count - item.expected.length;
  return (
    <div className="eitem">
      <p>
        {name && <span className="ename mono">{name}</span>}
        <span className={item.field ? 'mono strong' : 'strong'}>
          {item.field || t('explain.anyText')}
        </span>{' '}
        {shown.map((each, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a value is its place in the rule
          <span key={at}>
            {at > 0 && <span className="dim">{t('explain.orValue')} </span>}
            <span className="dim">{opWords(each.op, t)}</span>{' '}
            {!kBareOps.has(each.op) && (
              <code className={each.hit ? 'mono hit' : 'mono'}>
                {each.value === '' ? '""' : each.value}
              </code>
            )}
            {each.cased && <span className="meta"> ({t('explain.cased')})</span>}{' '}
          </span>
        ))}
        {(more > 0 || all) && item.expected.length > first.length && (
          <button type="button" className="link" onClick={() => setAll(!all)}>
            {all ? t('explain.lessValues') : t('explain.moreValues', { n: number(more) })}
          </button>
        )}
        {all && unlisted > 0 && (
          <span className="meta"> {t('explain.unlisted', { n: number(unlisted) })}</span>
        )}
      </p>
      {item.actual === null || item.actual === undefined ? (
        <p className={item.holds ? 'dim' : 'emiss'}>
          {item.field ? t('explain.missing') : item.holds ? null : t('explain.noText')}
        </p>
      ) : (
        !(saidAlready(item) && !item.actual.ecs && item.actual.field === item.field) && (
          <p className="dim">
            {t('explain.has')}{' '}
            {item.actual.value === '' ? (
              t('explain.empty')
            ) : (
              <code className="mono eactual">
                {markHit(item).map((piece, at) =>
                  piece.marked ? (
                    // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
                    <mark key={at}>{piece.text}</mark>
                  ) : (
                    piece.text
                  ),
                )}
              </code>
            )}
            {item.actual.field !== item.field && (
              <span className="meta"> {item.actual.ecs || item.actual.field}</span>
            )}
          </p>
        )
      )}
    </div>
  );
}
