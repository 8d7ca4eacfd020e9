import { useMemo, useState } from 'react';
import { tacticName, useTechniques } from '@/shared/attack.ts';
import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { type Cell, matrix, shade } from './coverage.ts';
import { useCoverage, useRules } from './queries.ts';

/** The matrix of tactics and techniques; every cell leads to its rules. */
export default function CoverageView({ onTechnique }: { onTechnique: (id: string) => void }) {
  const { t } = useText();
  const found = useCoverage();
  const rules = useRules();
  const techniques = useTechniques();
  const [gaps, setGaps] = useState(false);
  const [hitOnly, setHitOnly] = useState(false);
  const columns = useMemo(
    () =>
      found.data
        ? matrix(
            found.data,
            techniques.data,
            new Map(rules.data?.rules.map((rule) => [rule.id, rule])),
            { gaps, hitOnly },
          )
        : [],
    [found.data, techniques.data, rules.data, gaps, hitOnly],
  );
  if (found.isPending) {
    return (
      <div className="panel">
        <SkeletonRows columns="1fr 1fr 1fr 1fr 1fr 1fr" rows={10} height={44} />
      </div>
    );
  }
  if (found.isError) {
    return (
      <div className="panel">
        <Failed
          what={t('coverage.failed')}
          error={found.error}
          retry={() => void found.refetch()}
          unaffected={t('rules.failedRest')}
        />
      </div>
    );
  }
  const parents = Object.keys(techniques.data?.techniques ?? {}).filter((id) => id.length === 5);
  const covered = new Set(found.data.techniques.map((each) => each.id.slice(0, 5))).size;
  return (
    <>
      <div className="filters">
        <p>
          {t('coverage.lead', {
            covered: number(covered),
            all: parents.length > 0 ? number(Math.max(parents.length, covered)) : '–',
            rules: number(found.data.rules),
            without: number(found.data.rules_without_technique),
          })}
        </p>
        <span className="coverage-tools">
          <label className="labelled">
            <input
              type="checkbox"
              className="check"
              checked={gaps}
              onChange={(event) => setGaps(event.target.checked)}
            />
            {t('coverage.gaps')}
          </label>
          <label className="labelled">
            <input
              type="checkbox"
              className="check"
              checked={hitOnly}
              onChange={(event) => setHitOnly(event.target.checked)}
            />
            {t('coverage.hitOnly')}
          </label>
          <a className="btn mid" href="/api/v1/rules/coverage/navigator" download>
            {t('coverage.download')}
          </a>
        </span>
      </div>
      {found.data.techniques.length === 0 ? (
        <div className="panel">
          <Empty kind="nothing" title={t('coverage.none')} />
        </div>
      ) : (
        <section
          className="panel matrix scroll"
          aria-label={t('coverage.matrix')}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable
          tabIndex={0}
          style={{ gridTemplateColumns: `repeat(${columns.length}, minmax(168px, 1fr))` }}
        >
          {columns.map((column) => (
            <section key={column.tactic} aria-label={tacticName(column.tactic, t)}>
              <h2>
                {tacticName(column.tactic, t)}
                <span className="meta num">
                  {column.known > 0
                    ? t('coverage.tacticCount', {
                        n: number(column.covered),
                        all: number(Math.max(column.known, column.covered)),
                      })
                    : t('coverage.tacticPlain', {
                        n: number(column.covered),
                        count: column.covered,
                      })}
                </span>
              </h2>
              <ul>
                {column.cells.map((cell) => (
                  <li key={cell.id}>
                    <CellView cell={cell} onTechnique={onTechnique} />
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </section>
      )}
      <p className="meta">
        {t('coverage.legend')}{' '}
        {techniques.data && `ATT&CK v${techniques.data.version}. ${techniques.data.notice}`}
      </p>
    </>
  );
}

function CellView({ cell, onTechnique }: { cell: Cell; onTechnique: (id: string) => void }) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  if (cell.rules === 0) {
    return (
      <div className="cell gap">
        <span className="num">{cell.id}</span>
        <span className="name">{cell.name}</span>
        <span className="meta">{t('coverage.gap')}</span>
      </div>
    );
  }
  const off = cell.rules - cell.enabled;
  return (
    <div className="cell" data-shade={shade(cell.enabled)}>
      <button type="button" className="open" onClick={() => onTechnique(cell.id)}>
        <span className="num">
          {cell.id}
          {cell.hits > 0 && <i className="dot-ok" />}
        </span>
        <span className="name">{cell.name}</span>
        <span className="counts num">
          {t('coverage.rules', { n: number(cell.rules), count: cell.rules })}
          {off > 0 && `, ${t('coverage.off', { n: number(off) })}`}
          {cell.hits > 0 && `, ${t('coverage.hits', { n: number(cell.hits), count: cell.hits })}`}
        </span>
      </button>
      {cell.subs.length > 0 && (
        <button
          type="button"
          className="link subs"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {t('coverage.subs', { n: number(cell.subs.length), count: cell.subs.length })}
        </button>
      )}
      {open && (
        <ul className="sublist">
          {cell.subs.map((sub) => (
            <li key={sub.id}>
              <button type="button" onClick={() => onTechnique(sub.id)}>
                <span className="num">{sub.id.slice(5)}</span> {sub.name}
                <span className="meta num">
                  {' '}
                  {t('coverage.rules', { n: number(sub.rules), count: sub.rules })}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
