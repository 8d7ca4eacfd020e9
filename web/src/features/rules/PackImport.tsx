import { type FormEvent, useId, useState } from 'react';
import { type TextKey, useText } from '@/text/index.ts';
import { bytes, number } from '@/ui/format.ts';
import { Button } from '@/ui/parts.tsx';
import { Failed } from '@/ui/states.tsx';
import { nameFrom } from './packName.ts';
import { type PackChange, useImportPack } from './queries.ts';

const kMaxBytes = 64 * 1024 * 1024;
const kMostShown = 500;

/** File, name, preview, import. Nothing is written before the last step. */
export function PackImport({ known, onClose }: { known: string[]; onClose: () => void }) {
  const { t } = useText();
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const [version, setVersion] = useState('');
  const preview = useImportPack();
  const run = useImportPack();
  const names = useId();
  const tooBig = file !== null && file.size > kMaxBytes;
  const ready = file !== null && !tooBig && /^[A-Za-z0-9._-]{1,64}$/.test(name);
  const busy = preview.isPending || run.isPending;
  const edit = (what: () => void) => {
    what();
    preview.reset();
    run.reset();
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || busy) return;
    const upload = { file, name, version: version.trim() };
    if (preview.data) run.mutate({ ...upload, preview: false }, { onSuccess: onClose });
    else preview.mutate({ ...upload, preview: true });
  };
  const failed = run.error ?? preview.error;
  return (
    <form className="form" onSubmit={send}>
      <label className="filepick">
        <span className="name">{t('packs.file')}</span>
        <input
          type="file"
          className="sr"
          accept=".zip,.tar,.gz,.tgz,.zst"
          onChange={(event) => {
            const chosen = event.target.files?.[0] ?? null;
            edit(() => {
              setFile(chosen);
              if (chosen && name === '') setName(nameFrom(chosen.name));
            });
          }}
        />
        <span className="btn" aria-hidden="true">
          {t('packs.choose')}
        </span>{' '}
        <span className={file ? 'strong' : 'dim'}>
          {file ? `${file.name}, ${bytes(file.size)}` : t('packs.noFile')}
        </span>
      </label>
      {tooBig && <p className="c-high">{t('packs.tooBig')}</p>}
      <div className="expair">
        <label>
          <span className="name">{t('packs.name')}</span>
          <input
            className="input"
            list={names}
            maxLength={64}
            pattern="[A-Za-z0-9._\-]+"
            title={t('packs.nameRule')}
            value={name}
            onChange={(event) => edit(() => setName(event.target.value))}
          />
          <datalist id={names}>
            {known.map((each) => (
              <option key={each} value={each} />
            ))}
          </datalist>
          <span className="meta">{t('packs.nameRule')}</span>
        </label>
        <label>
          <span className="name">{t('packs.version')}</span>
          <input
            className="input"
            maxLength={64}
            value={version}
            onChange={(event) => edit(() => setVersion(event.target.value))}
          />
        </label>
      </div>
      <div aria-live="polite">
        {preview.isPending && <p className="dim">{t('packs.previewing')}</p>}
        {failed && <Failed what={t('packs.previewFailed')} error={failed} />}
        {preview.data && !failed && <ChangeView change={preview.data} />}
      </div>
      <div className="dialog-foot">
        <span className="meta" style={{ marginRight: 'auto', alignSelf: 'center' }}>
          {t('packs.nothingYet')}
        </span>
        <Button onClick={onClose}>{t('action.cancel')}</Button>
        <Button type="submit" look="primary" disabled={!ready || busy}>
          {preview.data
            ? t('packs.go', { name: preview.data.name, version: preview.data.version })
            : t('packs.preview')}
        </Button>
      </div>
    </form>
  );
}

type Kind = NonNullable<PackChange['rules']>[number]['change'];
const kKinds: [Kind, TextKey][] = [
  ['added', 'packs.added'],
  ['changed', 'packs.changed'],
  ['removed', 'packs.removed'],
  ['refused', 'packs.refused'],
  ['skipped', 'packs.skipped'],
];

function ChangeView({ change }: { change: PackChange }) {
  const { t } = useText();
  const first = kKinds.find(([kind]) => kind === 'refused' && change.refused > 0)?.[0] ?? 'added';
  const [kind, setKind] = useState<Kind>(first);
  const rules = (change.rules ?? []).filter((rule) => rule.change === kind);
  const nothing = change.added + change.changed + change.removed === 0;
  return (
    <section className="exeffect" aria-label={t('packs.preview')}>
      <p className="strong">
        {change.previous ? t('packs.change', { version: change.previous }) : t('packs.firstTime')}
      </p>
      {nothing && change.previous && <p>{t('packs.unchanged')}</p>}
      <div className="filters" style={{ margin: '8px 0' }}>
        {kKinds.map(([each, key]) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={kind === each}
            onClick={() => setKind(each)}
          >
            {t(key)}
            <span className={`num ${each === 'refused' && change.refused > 0 ? 'c-high' : ''}`}>
              {number(change[each])}
            </span>
          </button>
        ))}
        <span className="meta num">
          {t('packs.same')} {number(change.same)}
        </span>
      </div>
      {rules.length === 0 ? (
        <p className="dim">{t('packs.noneOf')}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable
        <ul className="packrules scroll" tabIndex={0}>
          {rules.slice(0, kMostShown).map((rule) => (
            <li key={`${rule.path} ${rule.id}`}>
              <span className="strong">{rule.title || rule.id || rule.path}</span>
              <span className="meta mono">
                {rule.line ? t('rules.atLine', { path: rule.path, line: rule.line }) : rule.path}
              </span>
              {rule.reason && <span className="c-high">{rule.reason}</span>}
            </li>
          ))}
          {rules.length > kMostShown && (
            <li className="meta">
              {t('rules.shown', { n: number(kMostShown), total: number(rules.length) })}
            </li>
          )}
        </ul>
      )}
    </section>
  );
}
