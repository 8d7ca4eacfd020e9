import { useText } from '@/text/index.ts';
import { Mark } from '@/ui/Mark.tsx';

/** While a screen's code or the session is on its way: never a blank page. */
export function Opening() {
  const { t } = useText();
  return (
    <div className="state" role="status" style={{ gridTemplateColumns: '24px minmax(0, 1fr)' }}>
      <Mark size={24} />
      <p>{t('state.opening')}</p>
    </div>
  );
}
