// Questions that were kept: a menu of one's own and the shared ones, and the dialog that keeps one.
import { type FormEvent, useState } from 'react';
import { ApiError } from '@/api/client.ts';
import { faultWords } from '@/api/undo.ts';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { collator, dateTime, fold } from '@/ui/format.ts';
import { kIcon, PencilIcon, SaveIcon, ShareIcon, TrashIcon } from '@/ui/icons.ts';
import { Button, IconButton } from '@/ui/parts.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { type EventSearch, isAsSaved, type Saved, toSave } from './address.ts';
import { useRemoveSaved, useSave, useSavedSearches } from './queries.ts';

/** The kept searches, to open, rename and remove. */
export function SavedDialog({
  opened,
  onOpen,
  onEdit,
  onClose,
}: {
  opened: boolean;
  onOpen: (saved: Saved) => void;
  onEdit: (saved: Saved) => void;
  onClose: () => void;
}) {
  const { t } = useText();
  return (
    <Dialog opened={opened} onClose={onClose} title={t('find.saved.title')} width={640}>
      <SavedList onOpen={onOpen} onEdit={onEdit} />
    </Dialog>
  );
}

function SavedList({
  onOpen,
  onEdit,
}: {
  onOpen: (saved: Saved) => void;
  onEdit: (saved: Saved) => void;
}) {
  const { t } = useText();
  const all = useSavedSearches();
  const remove = useRemoveSaved();
  const [wanted, setWanted] = useState('');
  if (all.isPending) return <SkeletonRows columns="1fr" rows={5} height={48} padding={0} />;
  if (all.isError) {
    return (
      <Failed
        what={t('find.saved.failed')}
        error={all.error}
        retry={() => void all.refetch()}
        unaffected={t('find.saved.failedRest')}
      />
    );
  }
  if (all.data.searches.length === 0) {
    return (
      <Empty kind="nothing" title={t('find.saved.none')} detail={t('find.saved.noneDetail')} />
    );
  }
  const found = all.data.searches
    .filter((one) => fold(`${one.name} ${one.query} ${one.owner}`).includes(fold(wanted)))
    .sort((a, b) => collator.compare(a.name ?? '', b.name ?? ''));
  const part = (mine: boolean) => {
    const rows = found.filter((one) => one.mine === mine);
    if (rows.length === 0) return null;
    return (
      <section>
        <h3 className="legend">{t(mine ? 'find.saved.own' : 'find.saved.shared')}</h3>
        <ul className="savedlist">
          {rows.map((one) => (
            <li key={one.id}>
              <button type="button" className="open" onClick={() => onOpen(one)}>
                <span className="strong wrap">
                  {one.name}
                  {one.shared && one.mine && (
                    <span className="tag">
                      <ShareIcon size={12} stroke={1.6} aria-hidden /> {t('find.saved.isShared')}
                    </span>
                  )}
                </span>
                <span className="mono dim cut" title={one.query}>
                  {one.query || '*'}
                </span>
                <span className="meta cut">
                  {!one.mine && `${t('find.saved.by', { name: one.owner })} · `}
                  {dateTime(one.changed_at)}
                  {one.note && ` · ${one.note}`}
                </span>
              </button>
              {one.mine && (
                <span className="tools">
                  <IconButton
                    label={t('find.saved.edit', { name: one.name ?? '' })}
                    onClick={() => onEdit(one)}
                  >
                    <PencilIcon {...kIcon} />
                  </IconButton>
                  <IconButton
                    label={t('find.saved.remove', { name: one.name ?? '' })}
                    disabled={remove.isPending}
                    onClick={() => remove.mutate(one)}
                  >
                    <TrashIcon {...kIcon} />
                  </IconButton>
                </span>
              )}
            </li>
          ))}
        </ul>
      </section>
    );
  };
  return (
    <div className="form">
      <input
        className="input"
        aria-label={t('find.saved.filter')}
        placeholder={t('find.saved.filter')}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
      />
      {found.length === 0 && <Empty kind="filtered" title={t('find.saved.noneFits')} />}
      {part(true)}
      {part(false)}
    </div>
  );
}

export type SaveStart = {
  search: EventSearch;
  /** The one to change; null keeps a new one. */
  saved: Saved | null;
  /** Only name, note and sharing: the question stays as it was saved. */
  wordsOnly: boolean;
};

export function SaveDialog({
  start,
  onDone,
  onClose,
}: {
  start: SaveStart | null;
  onDone: (saved: Saved) => void;
  onClose: () => void;
}) {
  const { t } = useText();
  const title = start?.wordsOnly ? t('find.saved.change') : t('find.saved.keep');
  return (
    <Dialog opened={start !== null} onClose={onClose} title={title} width={480}>
      {start && <SaveForm start={start} onDone={onDone} onClose={onClose} />}
    </Dialog>
  );
}

function SaveForm({
  start,
  onDone,
  onClose,
}: {
  start: SaveStart;
  onDone: (saved: Saved) => void;
  onClose: () => void;
}) {
  const { t } = useText();
  const save = useSave();
  const { saved } = start;
  const [name, setName] = useState(saved?.name ?? '');
  const [note, setNote] = useState(saved?.note ?? '');
  const [shared, setShared] = useState(saved?.shared ?? false);
  const [asNew, setAsNew] = useState(!saved?.mine);
  const fresh = asNew && !start.wordsOnly;
  const send = (event: FormEvent) => {
    event.preventDefault();
    const text = {
      ...(start.wordsOnly ? {} : toSave(start.search)),
      name: name.trim().normalize('NFC'),
      note: note.trim().normalize('NFC'),
      shared,
    };
    if (text.name === '' || save.isPending) return;
    save.mutate(
      { saved: fresh ? null : saved, text },
      {
        onSuccess: (done) => {
          onDone(done);
          onClose();
        },
      },
    );
  };
  const conflict =
    save.error instanceof ApiError && save.error.status === 412
      ? (save.error.body as { current?: Saved }).current
      : undefined;
  return (
    <form className="form" onSubmit={send}>
      {!start.wordsOnly && (
        <p className="mono wrap savedq">{start.search.q?.trim() ? start.search.q : '*'}</p>
      )}
      {saved?.mine && !start.wordsOnly && (
        <fieldset className="choice">
          <legend className="legend">{t('find.saved.where')}</legend>
          <label>
            <input type="radio" name="where" checked={!asNew} onChange={() => setAsNew(false)} />
            {t('find.saved.over', { name: saved.name ?? '' })}
          </label>
          <label>
            <input type="radio" name="where" checked={asNew} onChange={() => setAsNew(true)} />
            {t('find.saved.fresh')}
          </label>
        </fieldset>
      )}
      <label>
        <span className="name">{t('find.saved.name')}</span>
        <input
          className="input"
          required
          maxLength={200}
          value={name}
          // biome-ignore lint/a11y/noAutofocus: the dialog is here for this field
          autoFocus
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <label>
        <span className="name">{t('find.saved.note')}</span>
        <textarea
          className="input"
          rows={2}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </label>
      <label className="tick">
        <input
          type="checkbox"
          className="check"
          checked={shared}
          onChange={(event) => setShared(event.target.checked)}
        />
        <span>
          {t('find.saved.share')}
          <br />
          <span className="meta">{t('find.saved.shareNote')}</span>
        </span>
      </label>
      {conflict && (
        <p role="alert" className="c-high">
          {t('find.saved.conflict', { name: conflict.changed_by, query: conflict.query ?? '' })}
        </p>
      )}
      {save.isError && !conflict && (
        <p role="alert" className="c-critical">
          {faultWords(save.error)}
        </p>
      )}
      <div className="dialog-foot">
        <Button onClick={onClose}>{t('action.cancel')}</Button>
        <Button type="submit" look="primary" disabled={name.trim() === '' || save.isPending}>
          {t('find.saved.save')}
        </Button>
      </div>
    </form>
  );
}

/** The saved search that the page began from, and whether it still shows it. */
export function SavedMark({ saved, search }: { saved: Saved; search: EventSearch }) {
  const { t } = useText();
  const same = isAsSaved(search, saved);
  return (
    <span className="savedmark" title={saved.note || undefined}>
      <SaveIcon size={14} stroke={1.6} aria-hidden />
      <span className="cut strong">{saved.name}</span>
      {!same && <span className="dim">{t('find.saved.changed')}</span>}
    </span>
  );
}
