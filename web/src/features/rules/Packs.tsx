// Imported packs: versions, going back, removing; and the import, which first says what it would do.
import { useState } from 'react';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { dateTime, number } from '@/ui/format.ts';
import { kIcon, PlusIcon, TickIcon } from '@/ui/icons.ts';
import { Button } from '@/ui/parts.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { PackImport } from './PackImport.tsx';
import { type Pack, useChangePack, usePacks } from './queries.ts';

type Removing = { name: string; version?: string };

export default function Packs() {
  const { t } = useText();
  const may = useMay();
  const packs = usePacks();
  const [importing, setImporting] = useState(false);
  const [removing, setRemoving] = useState<Removing | null>(null);
  const change = useChangePack();
  const all = packs.data?.packs ?? [];
  return (
    <>
      {may('rules_edit') && (
        <div className="filters">
          <Button look="primary" onClick={() => setImporting(true)}>
            <PlusIcon {...kIcon} />
            {t('packs.import')}
          </Button>
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="panel exlist scroll" tabIndex={0}>
        {packs.isPending ? (
          <SkeletonRows columns="1fr 2fr" rows={4} height={48} />
        ) : packs.isError && !packs.data ? (
          <Failed
            what={t('packs.failed')}
            error={packs.error}
            retry={() => void packs.refetch()}
            unaffected={t('rules.failedRest')}
          />
        ) : all.length === 0 ? (
          <Empty kind="nothing" title={t('packs.none')} detail={t('packs.noneDetail')} />
        ) : (
          all.map((pack) => (
            <PackView
              key={pack.name}
              pack={pack}
              busy={change.busy}
              onUse={(version) => change.using.mutate({ pack, version })}
              onRemove={(version) =>
                setRemoving(version ? { name: pack.name, version } : { name: pack.name })
              }
            />
          ))
        )}
      </div>
      <Dialog
        opened={importing}
        onClose={() => setImporting(false)}
        title={t('packs.import')}
        width={720}
      >
        {importing && (
          <PackImport known={all.map((pack) => pack.name)} onClose={() => setImporting(false)} />
        )}
      </Dialog>
      <Dialog
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={
          removing?.version
            ? t('packs.removeVersionTitle', { name: removing.name, version: removing.version })
            : t('packs.removeTitle', { name: removing?.name ?? '' })
        }
      >
        {removing && (
          <>
            <p>{removing.version ? t('packs.removeVersionLead') : t('packs.removeLead')}</p>
            <div className="dialog-foot">
              <Button onClick={() => setRemoving(null)}>{t('action.cancel')}</Button>
              <Button
                look="danger"
                disabled={change.busy}
                onClick={() => {
                  change.removing.mutate(removing);
                  setRemoving(null);
                }}
              >
                {removing.version ? t('packs.removeVersion') : t('packs.remove')}
              </Button>
            </div>
          </>
        )}
      </Dialog>
    </>
  );
}

function PackView({
  pack,
  busy,
  onUse,
  onRemove,
}: {
  pack: Pack;
  busy: boolean;
  onUse: (version: string) => void;
  onRemove: (version?: string) => void;
}) {
  const { t } = useText();
  const may = useMay();
  return (
    <section className="pack" aria-label={pack.name}>
      <div className="pack-head">
        <h2>{pack.name}</h2>
        {may('rules_edit') && (
          <Button size="mid" disabled={busy} onClick={() => onRemove()}>
            {t('packs.remove')}
          </Button>
        )}
      </div>
      <ul>
        {pack.versions.map((each) => {
          const on = each.version === pack.version;
          return (
            <li key={each.version} className="pack-version">
              <span className="strong num">{each.version}</span>
              <span className="num">
                {t('packs.rulesOf', { n: number(each.rules), count: each.rules })}
              </span>
              <span className="meta">
                {t('packs.importedBy', {
                  who: each.imported_by ?? '–',
                  time: dateTime(each.imported_at),
                })}
                {each.origin && ` · ${each.origin}`}
              </span>
              <span className="acts">
                {on ? (
                  <span className="c-ok labelled">
                    <TickIcon {...kIcon} />
                    {t('packs.inForce')}
                  </span>
                ) : (
                  may('rules_edit') && (
                    <>
                      <Button size="mid" disabled={busy} onClick={() => onUse(each.version)}>
                        {t('packs.use')}
                      </Button>
                      <Button size="mid" disabled={busy} onClick={() => onRemove(each.version)}>
                        {t('packs.removeVersion')}
                      </Button>
                    </>
                  )
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
