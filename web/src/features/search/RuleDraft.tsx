import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useMay, useSession } from '@/api/session.ts';
import { faultWords } from '@/api/undo.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { date } from '@/ui/format.ts';
import { CopyIcon, DownloadIcon, kIcon, WarnIcon } from '@/ui/icons.ts';
import { Button } from '@/ui/parts.tsx';
import { Empty } from '@/ui/states.tsx';
import { copyText } from '@/ui/Value.tsx';
import { RuleText } from './RuleText.tsx';
import type { EventRow } from './rows.ts';
import {
  draftRule,
  guessSource,
  type LogSource,
  type Otherwise,
  type Unsaid,
} from './ruleDraft.ts';
import { faultsOf, useRuleCheck, useSaveRule } from './ruleSave.ts';
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

/** The question as the draft of a Sigma rule: what it says, what it cannot say, to change, copy or keep. */
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
  const may = useMay();
  /** What somebody wrote over the draft; the fields above have no say then. */
  const [written, setWritten] = useState<string | null>(null);
  const text = written ?? draft.yaml;
  const check = useRuleCheck(may('rules_view') ? text : '');
  const keep = useSaveRule();
  const refused = faultsOf(keep.error);
  const edit = (next: string | null) => {
    setWritten(next);
    keep.reset();
  };
  const canKeep = may('rules_edit') && check.current && check.data?.loads === true;
  const part = (name: keyof LogSource, label: TextKey, known: string[]) => (
    <label>
      <span className="name">{t(label)}</span>
      <input
        className="input mono"
        list={`draft-${name}`}
        maxLength={64}
        spellCheck={false}
        disabled={written !== null}
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
      {keep.data ? (
        <div className="form draft" role="status">
          <p>{t('find.draft.inForce', { title: keep.data.title })}</p>
          <div className="dialog-foot">
            <Link to="/rules" search={{ rule: keep.data.id }} className="btn">
              {t('find.draft.open')}
            </Link>
            <Button look="primary" data-autofocus onClick={onClose}>
              {t('action.close')}
            </Button>
          </div>
        </div>
      ) : (
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
                    disabled={written !== null}
                    value={title}
                    onChange={(event) => setTitle(event.target.value)}
                  />
                </label>
                <label>
                  <span className="name">{t('find.draft.level')}</span>
                  <select
                    className="input"
                    disabled={written !== null}
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
              {written !== null && (
                <p className="meta">
                  {t('find.draft.written')}{' '}
                  <button type="button" className="link" onClick={() => edit(null)}>
                    {t('find.draft.again')}
                  </button>
                </p>
              )}
              {anywhere && written === null && (
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
              <RuleText text={text} check={check} refused={refused} onChange={edit} />
              {keep.isError && refused === null && (
                <p role="alert" className="c-critical">
                  {faultWords(keep.error)}
                </p>
              )}
              <p className="meta">
                {t(may('rules_edit') ? 'find.draft.next' : 'find.draft.nextDenied')}
              </p>
              <div className="dialog-foot">
                <Button onClick={() => saveText(text, 'yml', `${id}.yml`)}>
                  <DownloadIcon {...kIcon} />
                  {t('find.draft.file')}
                </Button>
                <Button onClick={() => void copyText(text, t('action.copied'))}>
                  <CopyIcon {...kIcon} />
                  {t('action.copy')}
                </Button>
                <Button
                  look="primary"
                  disabled={!canKeep || keep.isPending}
                  onClick={() => keep.mutate(text)}
                >
                  {t('find.draft.keep')}
                </Button>
              </div>
            </>
          )}
        </div>
      )}
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
