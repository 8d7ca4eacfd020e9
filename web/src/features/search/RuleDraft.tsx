import { useMemo, useState } from 'react';
import { useSession } from '@/api/session.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { date } from '@/ui/format.ts';
import { CopyIcon, DownloadIcon, kIcon, WarnIcon } from '@/ui/icons.ts';
import { Button } from '@/ui/parts.tsx';
import { Empty } from '@/ui/states.tsx';
import { copyText } from '@/ui/Value.tsx';
import type { EventRow } from './rows.ts';
import {
  draftRule,
  guessSource,
  type LogSource,
  type Otherwise,
  type Unsaid,
} from './ruleDraft.ts';
import { saveText } from './save.ts';

const kLevels = ['informational', 'low', 'medium', 'high', 'critical'] as const;
const kLevelKeys: Record<(typeof kLevels)[number], TextKey> = {
  informational: 'level.info',
  low: 'level.low',
  medium: 'level.medium',
  high: 'level.high',
  critical: 'level.critical',
};
const kWhy: Record<Unsaid['why'], TextKey> = {
  time: 'find.draft.whyTime',
  store: 'find.draft.whyStore',
  pipes: 'find.draft.whyPipes',
  stats: 'find.draft.whyStats',
  range: 'find.draft.whyRange',
  everything: 'find.draft.whyEverything',
};
const kHow: Record<Otherwise['how'], TextKey> = {
  wider: 'find.draft.howWider',
  marks: 'find.draft.howMarks',
};
const kProducts = ['linux', 'windows', 'macos', 'fortinet', 'cisco', 'mikrotik'];
const kCategories = ['webserver', 'firewall', 'process_creation', 'network_connection', 'dns'];
const kServices = ['sshd', 'auth', 'sudo', 'auditd', 'security', 'system', 'sysmon', 'powershell'];

function today(): string {
  const [day, month, year] = date(Date.now()).split('/');
  return `${year}-${month}-${day}`;
}

/** The question as the draft of a Sigma rule: what it says, what it cannot say, to copy or to keep. */
export function RuleDraft({
  query,
  rows,
  onClose,
}: {
  query: string;
  /** Of the answer: they tell which log source it is about. */
  rows: EventRow[];
  onClose: () => void;
}) {
  const { t } = useText();
  const session = useSession();
  const [title, setTitle] = useState('');
  const [level, setLevel] = useState<(typeof kLevels)[number]>('medium');
  const [source, setSource] = useState<LogSource>(() => guessSource(rows));
  const [id] = useState(() => crypto.randomUUID());
  const author = session.data?.user.display_name || session.data?.user.name || '';
  const draft = useMemo(
    () =>
      draftRule(
        query,
        {
          title: title.trim().normalize('NFC') || t('find.draft.untitled'),
          level,
          author,
          id,
          date: today(),
        },
        source,
      ),
    [query, title, level, source, author, id, t],
  );
  const save = () => saveText(draft.yaml, 'yml', `${id}.yml`);
  const part = (name: keyof LogSource, label: TextKey, known: string[]) => (
    <label>
      <span className="name">{t(label)}</span>
      <input
        className="input mono"
        list={`draft-${name}`}
        maxLength={64}
        spellCheck={false}
        value={source[name]}
        onChange={(event) => setSource({ ...source, [name]: event.target.value.trim() })}
      />
      <datalist id={`draft-${name}`}>
        {known.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </label>
  );
  const anywhere = !source.product && !source.category && !source.service;
  return (
    <Dialog opened onClose={onClose} title={t('find.draft.title')} width={760}>
      <div className="form draft">
        <p className="dim">{t('find.draft.lead')}</p>
        {draft.yaml === '' ? (
          <Empty kind="filtered" title={t('find.draft.nothing')} />
        ) : (
          <>
            <div className="draft-grid">
              <label className="wide">
                <span className="name">{t('find.draft.name')}</span>
                <input
                  className="input"
                  maxLength={200}
                  placeholder={t('find.draft.untitled')}
                  value={title}
                  onChange={(event) => setTitle(event.target.value)}
                />
              </label>
              <label>
                <span className="name">{t('find.draft.level')}</span>
                <select
                  className="input"
                  value={level}
                  onChange={(event) => setLevel(event.target.value as typeof level)}
                >
                  {kLevels.map((one) => (
                    <option key={one} value={one}>
                      {t(kLevelKeys[one])}
                    </option>
                  ))}
                </select>
              </label>
              {part('product', 'find.draft.product', kProducts)}
              {part('category', 'find.draft.category', kCategories)}
              {part('service', 'find.draft.service', kServices)}
            </div>
            {anywhere && (
              <p className="c-high">
                <WarnIcon {...kIcon} style={{ display: 'inline', verticalAlign: -3 }} />{' '}
                {t('find.draft.anywhere')}
              </p>
            )}
          </>
        )}
        <List
          title={t('find.draft.unsaid')}
          items={draft.unsaid.map((one) => [one.part, t(kWhy[one.why])])}
        />
        <List
          title={t('find.draft.otherwise')}
          items={draft.otherwise.map((one) => [one.part, t(kHow[one.how])])}
        />
        {draft.yaml !== '' && (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
            <pre className="rawline mono scroll draft-yaml" tabIndex={0}>
              {draft.yaml}
            </pre>
            <p className="meta">{t('find.draft.next')}</p>
            <div className="dialog-foot">
              <Button onClick={save}>
                <DownloadIcon {...kIcon} />
                {t('find.draft.file')}
              </Button>
              <Button look="primary" onClick={() => void copyText(draft.yaml, t('action.copied'))}>
                <CopyIcon {...kIcon} />
                {t('action.copy')}
              </Button>
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}

function List({ title, items }: { title: string; items: [string, string][] }) {
  if (items.length === 0) return null;
  return (
    <section>
      <h3 className="legend">{title}</h3>
      <ul className="draft-list">
        {items.map(([part, why], at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same words may stand twice
          <li key={at}>
            <code className="mono wrap">{part}</code>
            <span className="dim">{why}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
