// Hunts: a list of indicators, pasted or in force, held against everything that is kept. A hunt runs on
// the server; this shows how far it is and what it found.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { api, type Schemas, unwrap } from '@/api/client.ts';
import { quote } from '@/api/query.ts';
import { faultWords } from '@/api/undo.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { dateTime, number, percent } from '@/ui/format.ts';
import { DownloadIcon, kIcon, SearchIcon, WarnIcon } from '@/ui/icons.ts';
import { Button } from '@/ui/parts.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { entityQuery } from './entity.ts';
import { partialText } from './faults.ts';
import { useListNames } from './queries.ts';
import { toCsv } from './rows.ts';
import { saveText } from './save.ts';

type Hunt = Schemas['Hunt'];
type Finding = Schemas['HuntFinding'];

const kStatus: Record<Hunt['status'], TextKey> = {
  waiting: 'hunt.waiting',
  running: 'hunt.running',
  done: 'hunt.done',
  cancelled: 'hunt.cancelled',
  failed: 'hunt.failed',
  interrupted: 'hunt.interrupted',
};
const kSpans: [string, TextKey][] = [
  ['', 'hunt.spanAll'],
  ['-365d', 'hunt.spanYear'],
  ['-90d', 'hunt.span90'],
  ['-30d', 'hunt.span30'],
];
const kLinesMax = 200_000;

/** `id` in the address: 'new' for an empty form, else the hunt that is shown. */
export function HuntDialog({
  id,
  value,
  onOpen,
  onAsk,
  onClose,
}: {
  id: string;
  /** An indicator to begin with. */
  value: string;
  onOpen: (id: string) => void;
  onAsk: (query: string, from: string, to: string) => void;
  onClose: () => void;
}) {
  const { t } = useText();
  return (
    <Dialog opened onClose={onClose} title={t('hunt.title')} width={1040}>
      {id === 'new' ? (
        <div className="form">
          <HuntForm value={value} onOpen={onOpen} />
          <HuntList onOpen={onOpen} />
        </div>
      ) : (
        <HuntResult id={id} onNew={() => onOpen('new')} onAsk={onAsk} />
      )}
    </Dialog>
  );
}

function HuntForm({ value, onOpen }: { value: string; onOpen: (id: string) => void }) {
  const { t } = useText();
  const client = useQueryClient();
  const [named, setNamed] = useState(false);
  const [text, setText] = useState(value);
  const [list, setList] = useState('');
  const [name, setName] = useState('');
  const [from, setFrom] = useState('');
  const [inText, setInText] = useState(false);
  const known = useId();
  const names = useListNames(named);
  const lines = text.split('\n').filter((line) => line.trim() !== '').length;
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST('/api/v1/hunts', {
          body: {
            ...(named ? { list: list.trim() } : { indicators: text }),
            ...(name.trim() ? { name: name.trim().normalize('NFC') } : {}),
            ...(from ? { from } : {}),
            in_text: inText,
            wait_ms: 500,
          },
        }),
      ),
    onSuccess: (hunt) => {
      client.setQueryData(['hunts', hunt.id], hunt);
      onOpen(hunt.id);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['hunts', 'all'] }),
  });
  const ready = named ? list.trim() !== '' : lines > 0 && lines <= kLinesMax;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !start.isPending) start.mutate();
  };
  return (
    <form className="form" onSubmit={send}>
      <p className="dim">{t('hunt.lead')}</p>
      <div className="tabs" role="tablist" aria-label={t('hunt.which')}>
        {[false, true].map((which) => (
          <button
            key={String(which)}
            type="button"
            role="tab"
            className="tab"
            aria-selected={named === which}
            onClick={() => setNamed(which)}
          >
            {t(which ? 'hunt.named' : 'hunt.pasted')}
          </button>
        ))}
      </div>
      {named ? (
        <label>
          <span className="name">{t('hunt.listName')}</span>
          <input
            className="input"
            list={known}
            maxLength={200}
            value={list}
            onChange={(event) => setList(event.target.value)}
          />
          <datalist id={known}>
            {names.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </label>
      ) : (
        <label>
          <span className="name">{t('hunt.indicators')}</span>
          <textarea
            className="input mono"
            rows={7}
            spellCheck={false}
            placeholder={'203.0.113.77\nexample.org\nd41d8cd98f00b204e9800998ecf8427e'}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <span className="meta">
            {lines > kLinesMax
              ? t('hunt.tooMany', { n: number(kLinesMax) })
              : t('hunt.lines', { n: number(lines) })}
          </span>
        </label>
      )}
      <div className="draft-grid">
        <label className="wide">
          <span className="name">{t('hunt.name')}</span>
          <input
            className="input"
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          <span className="name">{t('hunt.span')}</span>
          <select className="input" value={from} onChange={(event) => setFrom(event.target.value)}>
            {kSpans.map(([span, label]) => (
              <option key={span} value={span}>
                {t(label)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label className="tick">
        <input
          type="checkbox"
          className="check"
          checked={inText}
          onChange={(event) => setInText(event.target.checked)}
        />
        <span>
          {t('hunt.inText')}
          <br />
          <span className="meta">{t('hunt.inTextNote')}</span>
        </span>
      </label>
      {start.isError && (
        <p role="alert" className="c-critical">
          {faultWords(start.error)}
        </p>
      )}
      <div className="dialog-foot">
        <Button type="submit" look="primary" disabled={!ready || start.isPending}>
          {t('hunt.start')}
        </Button>
      </div>
    </form>
  );
}

function HuntList({ onOpen }: { onOpen: (id: string) => void }) {
  const { t } = useText();
  const all = useQuery({
    queryKey: ['hunts', 'all'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/hunts', { signal })),
  });
  return (
    <section>
      <h3 className="legend">{t('hunt.before')}</h3>
      {all.isPending && <SkeletonRows columns="1fr 120px" rows={3} height={36} padding={0} />}
      {all.isError && (
        <Failed what={t('hunt.listFailed')} error={all.error} retry={() => void all.refetch()} />
      )}
      {all.data?.hunts.length === 0 && <p className="dim">{t('hunt.none')}</p>}
      <ul className="savedlist">
        {all.data?.hunts.slice(0, 20).map((hunt) => (
          <li key={hunt.id}>
            <button type="button" className="open" onClick={() => onOpen(hunt.id)}>
              <span className="strong wrap">
                {hunt.name}
                {hunt.automatic && <span className="tag">{t('hunt.automatic')}</span>}
              </span>
              <span className="meta">
                {dateTime(hunt.created_at)} · {hunt.owner} · {t(kStatus[hunt.status])} ·{' '}
                {t('hunt.foundOf', { n: number(hunt.found), all: number(hunt.indicators) })}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function HuntResult({
  id,
  onNew,
  onAsk,
}: {
  id: string;
  onNew: () => void;
  onAsk: (query: string, from: string, to: string) => void;
}) {
  const { t } = useText();
  const client = useQueryClient();
  const found = useQuery({
    queryKey: ['hunts', id],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/hunts/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) =>
      ['waiting', 'running'].includes(query.state.data?.status ?? '') ? 1000 : false,
    retry: false,
  });
  const cancel = useMutation({
    mutationFn: () => unwrap(api.POST('/api/v1/hunts/{id}/cancel', { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['hunts'] }),
  });
  const hunt = found.data;
  if (found.isPending) return <SkeletonRows columns="2fr 1fr 1fr" rows={8} padding={0} />;
  if (found.isError || !hunt) {
    return (
      <Failed what={t('hunt.oneFailed')} error={found.error} retry={() => void found.refetch()} />
    );
  }
  const live = hunt.status === 'waiting' || hunt.status === 'running';
  const findings = hunt.findings ?? [];
  const kept = () =>
    saveText(
      toCsv(
        ['indicator', 'type', 'count', 'first', 'last', 'hosts', 'sources'],
        findings as unknown as Record<string, unknown>[],
      ),
      'csv',
    );
  return (
    <div className="form hunt">
      <div className="hunt-head" role="status">
        <b className="strong wrap">{hunt.name}</b>
        <span>{t(kStatus[hunt.status])}</span>
        <span className="num">
          {t('hunt.foundOf', { n: number(hunt.found), all: number(hunt.indicators) })}
        </span>
        <span className="num">{t('hunt.events', { n: number(hunt.events) })}</span>
        {live && typeof hunt.progress === 'number' && (
          <span className="num">{percent(hunt.progress, 0)}</span>
        )}
        {hunt.alerts > 0 && (
          <span className="c-high">{t('hunt.alerts', { n: number(hunt.alerts) })}</span>
        )}
        <span className="tools">
          {live ? (
            <Button size="mid" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
              {t('find.stop')}
            </Button>
          ) : (
            <Button size="mid" disabled={findings.length === 0} onClick={kept}>
              <DownloadIcon {...kIcon} />
              CSV
            </Button>
          )}
          <Button size="mid" onClick={onNew}>
            {t('hunt.another')}
          </Button>
        </span>
      </div>
      {live && (
        <div className="hunt-bar" aria-hidden="true">
          <i style={{ width: `${(hunt.progress ?? 0) * 100}%` }} />
        </div>
      )}
      {typeof hunt.partial === 'string' && (
        <p className="c-high">
          <WarnIcon {...kIcon} style={{ display: 'inline', verticalAlign: -3 }} />{' '}
          {t('find.partial', { reason: partialText(hunt.partial, t) })}
        </p>
      )}
      {findings.length === 0 ? (
        live ? (
          <SkeletonRows columns="2fr 1fr 1fr" rows={6} padding={0} />
        ) : (
          <Empty kind="nothing" title={t('hunt.nothing')} detail={t('hunt.nothingNote')} />
        )
      ) : (
        <Findings findings={findings} onAsk={onAsk} />
      )}
    </div>
  );
}

const kFields: Partial<Record<Finding['type'], string>> = {
  domain: 'url.domain',
  url: 'url.original',
  sha256: 'file.hash.sha256',
  filename: 'file.name',
};

/** The question that shows a finding's events. */
function questionOf(finding: Finding): string {
  if (finding.type === 'ip') {
    return finding.indicator.includes('/')
      ? `(source.ip:${finding.indicator} or destination.ip:${finding.indicator} or host.ip:${finding.indicator})`
      : entityQuery('source.ip', finding.indicator);
  }
  const field = kFields[finding.type];
  const phrase = quote(finding.indicator);
  const words = phrase.startsWith('"') ? phrase : `"${phrase}"`;
  return field ? `(${field}:${phrase} or ${words})` : words;
}

function Findings({
  findings,
  onAsk,
}: {
  findings: Finding[];
  onAsk: (query: string, from: string, to: string) => void;
}) {
  const { t } = useText();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable
    <div className="hunt-rows scroll" tabIndex={0}>
      <table>
        <caption className="sr">{t('hunt.findings')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('hunt.indicator')}</th>
            <th scope="col" className="right">
              {t('hunt.count')}
            </th>
            <th scope="col">{t('hunt.first')}</th>
            <th scope="col">{t('hunt.last')}</th>
            <th scope="col">{t('hunt.hosts')}</th>
            <th scope="col">{t('hunt.sources')}</th>
            <th scope="col">
              <span className="sr">{t('hunt.see')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {findings.map((one) => (
            <tr key={`${one.type} ${one.indicator}`}>
              <th scope="row">
                <span className="mono strong wrap">{one.indicator}</span>
                <span className="meta"> {one.type}</span>
              </th>
              <td className="right num strong">{number(one.count)}</td>
              <td className="num">{dateTime(one.first)}</td>
              <td className="num">{dateTime(one.last)}</td>
              <td title={one.hosts.join(', ')}>
                <Few names={one.hosts} more={one.more_hosts} />
              </td>
              <td title={one.sources.join(', ')}>
                <Few names={one.sources} more={false} />
              </td>
              <td>
                <Button
                  size="mid"
                  aria-label={t('hunt.seeOf', { name: one.indicator })}
                  onClick={() =>
                    onAsk(
                      questionOf(one),
                      one.first,
                      new Date(Date.parse(one.last) + 1000).toISOString(),
                    )
                  }
                >
                  <SearchIcon {...kIcon} />
                  {t('hunt.see')}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Few({ names, more }: { names: string[]; more: boolean }) {
  const { t } = useText();
  const shown = names.filter(Boolean).slice(0, 3);
  const left = names.length - shown.length;
  return (
    <>
      {shown.join(', ') || '–'}
      {(left > 0 || more) && (
        <span className="meta"> {t('hunt.more', { n: left > 0 ? number(left) : '…' })}</span>
      )}
    </>
  );
}
