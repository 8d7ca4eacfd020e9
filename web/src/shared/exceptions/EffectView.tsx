import { useText } from '@/text/index.ts';
import { dateTime, number, tooltipTime } from '@/ui/format.ts';
import { type Condition, type Effect, silencesAll, text } from './model.ts';

/** What an exception would have silenced: the number, honestly bounded, and samples to check by eye. */
export function EffectView({
  effect,
  days,
  rows,
}: {
  effect: Effect;
  days: number;
  rows: Condition[];
}) {
  const { t } = useText();
  const partial =
    typeof effect.partial === 'string'
      ? t('exception.partial', { reason: effect.partial })
      : effect.partial
        ? t('exception.partialPlain')
        : '';
  return (
    <section aria-label={t('exception.preview')}>
      <p className="meta">{t('exception.effect', { days: number(days) })}</p>
      {effect.matched === 0 ? (
        <p>{t('exception.noneMatched')}</p>
      ) : effect.silenced === 0 ? (
        <p>{t('exception.none')}</p>
      ) : (
        <p>
          <b className="exfigure num">{number(effect.silenced)}</b>{' '}
          {t('exception.silenced', { matched: number(effect.matched) })}
        </p>
      )}
      {silencesAll(effect) && <p className="c-high">{t('exception.everything')}</p>}
      {partial && <p className="c-high">{partial}</p>}
      <p className="meta">
        {effect.partial && effect.scanned_from
          ? t('exception.scannedFrom', {
              time: dateTime(effect.scanned_from),
              n: number(effect.scanned_events),
            })
          : t('exception.scanned', { n: number(effect.scanned_events) })}
      </p>
      {effect.samples.length > 0 && (
        <>
          <h3 className="legend" style={{ marginTop: 8 }}>
            {t('exception.samples', {
              n: number(effect.samples.length),
              count: effect.samples.length,
            })}
          </h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
          <ul className="exsamples scroll" tabIndex={0}>
            {effect.samples.map(({ rule_id, event }, at) => {
              const fields = event as Record<string, unknown>;
              return (
                <li key={text(fields._id) || `${rule_id} ${at}`}>
                  <time
                    className="num dim"
                    dateTime={text(fields['@timestamp'])}
                    title={tooltipTime(text(fields['@timestamp']))}
                  >
                    {dateTime(text(fields['@timestamp']))}
                  </time>
                  <span className="mono">{text(fields['host.name']) || '–'}</span>
                  <span className="mono">
                    {text(fields.message) ||
                      text(fields['event.original']) ||
                      rows.map((row) => text(fields[row.field])).join(' ')}
                  </span>
                </li>
              );
            })}
          </ul>
        </>
      )}
    </section>
  );
}
