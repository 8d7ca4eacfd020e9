import { useText } from '@/text/index.ts';
import { bytes, number } from '@/ui/format.ts';
import { kIcon, SilentIcon, WarnIcon } from '@/ui/icons.ts';
import { partialText } from './faults.ts';
import { useProgress } from './progress.ts';
import type { Answer } from './queries.ts';

const kInline = { display: 'inline', verticalAlign: -3, marginRight: 4 } as const;

/** What was found, what it cost, and what is missing; while it runs, how far it has come. */
export function RunLine({
  answer,
  searchId,
  running,
  isTable,
  shown,
  total,
}: {
  answer: Answer | undefined;
  searchId: string;
  running: boolean;
  isTable: boolean;
  shown: number;
  total: number;
}) {
  const { t } = useText();
  const { seconds, progress } = useProgress(searchId, running);
  const silent = answer?.silent_sources ?? [];
  const partial = typeof answer?.partial === 'string' ? answer.partial : null;
  return (
    <div className="ran" role="status">
      {running ? (
        <>
          <span className="strong">{t('find.runningFor', { n: number(seconds) })}</span>
          {progress && (
            <>
              <span className="num">{t('find.readSoFar', { bytes: bytes(progress.bytes) })}</span>
              {progress.units > 0 && (
                <span className="num">
                  {t('find.blocks', { at: number(progress.done), n: number(progress.units) })}
                </span>
              )}
            </>
          )}
          {answer && <span>{t('find.oldRows')}</span>}
        </>
      ) : (
        answer && (
          <>
            <span>
              <b className="num">{number(isTable ? shown : total)}</b>{' '}
              {isTable
                ? t('find.rows')
                : (answer.scanned_events ?? 0) >= total
                  ? t('find.matches', { n: number(answer.scanned_events) })
                  : t('find.matchesPlain')}
            </span>
            <span className="num">
              {t('find.read', {
                bytes: bytes(answer.scanned_bytes),
                time: number(answer.took_ms / 1000, 3),
              })}
            </span>
            {partial && (
              <span className="c-high" style={{ fontWeight: 500 }} title={partial}>
                <WarnIcon {...kIcon} style={kInline} />
                {t('find.partial', { reason: partialText(partial, t) })}
              </span>
            )}
            {silent.length > 0 && (
              <span className="c-high" title={silent.join(', ')}>
                <SilentIcon {...kIcon} style={kInline} />
                {t('find.silent', { n: number(silent.length) })}
              </span>
            )}
          </>
        )
      )}
      {running && (
        <i
          className="runbar"
          aria-hidden="true"
          style={
            progress && progress.units > 0
              ? { width: `${Math.min(100, (progress.done / progress.units) * 100)}%` }
              : undefined
          }
        />
      )}
    </div>
  );
}
