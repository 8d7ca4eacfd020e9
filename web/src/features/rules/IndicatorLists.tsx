// The lists of indicators in force: what they hold, how often they hit, which lines were left out.
import { useQuery } from '@tanstack/react-query';
import { Fragment, useState } from 'react';
import type { Schemas } from '@/api/client.ts';
import { indicatorsQuery } from '@/api/indicators.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { bytes, dateTime, number } from '@/ui/format.ts';
import { kIcon, WarnIcon } from '@/ui/icons.ts';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';

type Lists = Schemas['IndicatorLists'];
type List = Schemas['IndicatorList'];

const kTypes: Record<string, TextKey> = {
  ip: 'lists.type.ip',
  domain: 'lists.type.domain',
  email: 'lists.type.email',
  mutex: 'lists.type.mutex',
  filename: 'lists.type.filename',
};

export default function IndicatorLists() {
  const { t } = useText();
  const found = useQuery({ ...indicatorsQuery, refetchInterval: 30_000 });
  const all = found.data;
  return (
    <>
      {all && all.loaded_at !== null && (
        <p className="filters dim">
          {t('lists.summary', {
            n: number(all.lists.length),
            entries: number(all.entries),
            memory: bytes(all.memory_bytes),
            time: dateTime(all.loaded_at),
          })}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="panel exlist scroll" tabIndex={0}>
        {all && all.failures.length > 0 && <Failures of={all} />}
        {found.isPending ? (
          <SkeletonRows columns="1fr 2fr 96px 96px 96px" rows={6} height={36} />
        ) : found.isError && !all ? (
          <Failed
            what={t('lists.failed')}
            error={found.error}
            retry={() => void found.refetch()}
            unaffected={t('rules.failedRest')}
          />
        ) : all?.lists.length === 0 ? (
          <Empty kind="nothing" title={t('lists.none')} detail={t('lists.noneDetail')} />
        ) : (
          all && <Table lists={all.lists} />
        )}
      </div>
    </>
  );
}

function Failures({ of }: { of: Lists }) {
  const { t } = useText();
  return (
    <div className="section" role="status">
      <p className="c-high">
        <WarnIcon {...kIcon} style={{ display: 'inline', verticalAlign: -3 }} />{' '}
        {t(of.stale ? 'lists.stale' : 'lists.leftOut')}
      </p>
      <ul className="dots">
        {of.failures.map((one) => (
          <li key={`${one.file} ${one.reason}`} className="wrap">
            <span className="mono">{one.file}</span> <span className="dim">{one.reason}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Table({ lists }: { lists: List[] }) {
  const { t } = useText();
  const [open, setOpen] = useState('');
  return (
    <table className="lists">
      <caption className="sr">{t('rules.tab.indicators')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('lists.name')}</th>
          <th scope="col">{t('lists.types')}</th>
          <th scope="col" className="right">
            {t('lists.entries')}
          </th>
          <th scope="col" className="right">
            {t('lists.hits')}
          </th>
          <th scope="col" className="right">
            {t('lists.refused')}
          </th>
        </tr>
      </thead>
      <tbody>
        {lists.map((list) => (
          <Fragment key={list.name}>
            <tr>
              <th scope="row">
                <span className="strong wrap">{list.name}</span>
                {list.allow && <span className="tag">{t('lists.allow')}</span>}
                {list.file !== list.name && <span className="meta mono wrap">{list.file}</span>}
              </th>
              <td>
                {Object.entries(list.types)
                  .sort(([, a], [, b]) => b - a)
                  .map(([type, n]) => {
                    const key = kTypes[type];
                    return `${key ? t(key) : type.toUpperCase()} ${number(n)}`;
                  })
                  .join(', ') || '–'}
              </td>
              <td className="right num strong">{number(list.entries)}</td>
              <td className="right num">
                {list.allow ? '–' : number(list.hits)}
                {list.suppressed > 0 && (
                  <span className="meta">
                    {t('lists.suppressed', { n: number(list.suppressed) })}
                  </span>
                )}
                {list.expired > 0 && (
                  <span className="meta">{t('lists.expired', { n: number(list.expired) })}</span>
                )}
              </td>
              <td className="right num">
                {list.refused === 0 ? (
                  '0'
                ) : (
                  <button
                    type="button"
                    className="link"
                    aria-expanded={open === list.name}
                    aria-label={t('lists.refusedOf', { n: number(list.refused), name: list.name })}
                    onClick={() => setOpen(open === list.name ? '' : list.name)}
                  >
                    {number(list.refused)}
                  </button>
                )}
              </td>
            </tr>
            {open === list.name && (
              <tr>
                <td colSpan={5}>
                  <Refused list={list} />
                </td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

function Refused({ list }: { list: List }) {
  const { t } = useText();
  return (
    <div className="lists-open">
      {list.faults.length < list.refused && (
        <p className="meta">
          {t('lists.firstOf', { n: number(list.faults.length), all: number(list.refused) })}
        </p>
      )}
      <ul className="lists-faults">
        {list.faults.map((one) => (
          <li key={`${one.line} ${one.reason}`}>
            <span className="num strong">
              {one.line === null ? t('lists.wholeFile') : t('find.draft.line', { n: one.line })}
            </span>
            <span className="dim wrap">{one.reason}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
