import type { Schemas } from '@/api/client.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { bytes, number } from '@/ui/format.ts';
import { CloseIcon, kIcon } from '@/ui/icons.ts';
import { IconButton } from '@/ui/parts.tsx';

type Explanation = Schemas['Explanation'];
type Why = 'by_time' | 'by_range' | 'by_words' | 'by_value';

const kWhys: { name: Why; label: TextKey; token: string }[] = [
  { name: 'by_time', label: 'find.explain.byTime', token: '--chart-0' },
  { name: 'by_range', label: 'find.explain.byRange', token: '--chart-2' },
  { name: 'by_words', label: 'find.explain.byWords', token: '--chart-3' },
  { name: 'by_value', label: 'find.explain.byValue', token: '--chart-4' },
];
const kPartsMax = 200;

/** How the question was carried out: which blocks were read, which were left out and why. */
export function Explain({ found, onClose }: { found: Explanation; onClose: () => void }) {
  const { t } = useText();
  const all = Math.max(1, found.blocks);
  const shares = [
    { label: t('find.explain.read'), token: '--chart-1', blocks: found.read },
    ...kWhys.map((why) => ({ label: t(why.label), token: why.token, blocks: found[why.name] })),
  ].filter((share) => share.blocks > 0);
  const times: [TextKey, number][] = [
    ['find.explain.wait', found.wait_ms],
    ['find.explain.plan', found.plan_ms],
    ['find.explain.look', found.look_ms],
    ['find.explain.fetch', found.read_ms],
  ];
  return (
    <section className="explained scroll" aria-label={t('find.explain.title')}>
      <div className="explained-head">
        <h2>{t('find.explain.title')}</h2>
        <span className="dim num">
          {t('find.explain.blocks', { n: number(found.read), all: number(found.blocks) })}
        </span>
        <span className="dim num">{t('find.explain.threads', { n: number(found.threads) })}</span>
        {times.map(([key, ms]) => (
          <span key={key} className="dim num">
            {t(key, { ms: number(ms, ms < 10 ? 1 : 0) })}
          </span>
        ))}
        <IconButton label={t('action.close')} onClick={onClose}>
          <CloseIcon {...kIcon} />
        </IconButton>
      </div>
      <div className="explained-bar" aria-hidden="true">
        {shares.map((share) => (
          <i
            key={share.label}
            style={{
              width: `${(share.blocks / all) * 100}%`,
              background: `var(${share.token})`,
            }}
          />
        ))}
      </div>
      <ul className="explained-keys">
        {shares.map((share) => (
          <li key={share.label} className="key">
            <i style={{ background: `var(${share.token})` }} aria-hidden="true" />
            {share.label} <b className="num">{number(share.blocks)}</b>
          </li>
        ))}
        <li className="dim">{t('find.explain.index', { bytes: bytes(found.index_bytes) })}</li>
      </ul>
      {found.plan.length > 0 && <pre className="mono wrap">{found.plan.join('\n')}</pre>}
      <table>
        <thead>
          <tr>
            <th scope="col">{t('find.explain.part')}</th>
            <th scope="col" className="right">
              {t('find.explain.rows')}
            </th>
            <th scope="col" className="right">
              {t('find.explain.readOf')}
            </th>
            <th scope="col" className="right">
              {t('find.explain.bytes')}
            </th>
            {kWhys.map((why) => (
              <th scope="col" key={why.name} className="right">
                {t(why.label)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.parts.slice(0, kPartsMax).map((part) => (
            <tr key={part.segment}>
              <th scope="row" className="mono">
                {part.segment === 'memory' ? t('find.explain.memory') : part.segment}
              </th>
              <td className="right num">{number(part.rows)}</td>
              <td className="right num">
                {number(part.read)} / {number(part.blocks)}
              </td>
              <td className="right num">{bytes(part.bytes)}</td>
              {kWhys.map((why) => (
                <td key={why.name} className="right num">
                  {number(part[why.name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
