import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { activeBindings, type Binding } from '@/ui/keys.ts';
import { Button, Kbd } from '@/ui/parts.tsx';
import { setPref, usePref } from '@/ui/prefs.ts';

function shown(key: string): string[] {
  return key.split(' ').map((part) =>
    part
      .split('+')
      .map((piece) => (piece.length === 1 ? piece.toUpperCase() : piece))
      .join(' '),
  );
}

/** The list under `?`: what works on this screen, as registered by whoever is on it. */
export function KeyHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useText();
  const off = usePref('keys') === 'off';
  const groups = new Map<string, Binding[]>();
  if (opened) {
    for (const binding of activeBindings()) {
      groups.set(binding.group, [...(groups.get(binding.group) ?? []), binding]);
    }
  }
  return (
    <Dialog opened={opened} onClose={onClose} title={t('keys.title')} width={720}>
      <div className="keys">
        {[...groups].map(([group, bindings]) => (
          <section key={group}>
            <h3>{group}</h3>
            <ul>
              {bindings.map((binding) => (
                <li key={binding.key}>
                  <span>{binding.label}</span>
                  <span>
                    {shown(binding.key).map((part, at) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sequence
                      <Kbd key={at}>{part}</Kbd>
                    ))}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <div className="dialog-foot" style={{ alignItems: 'center' }}>
        <span className="dim" style={{ marginRight: 'auto' }}>
          {off ? t('keys.areOff') : t('keys.areOn')}
        </span>
        <Button onClick={() => setPref('keys', off ? 'on' : 'off')}>
          {off ? t('keys.turnOn') : t('keys.turnOff')}
        </Button>
      </div>
    </Dialog>
  );
}
