import { useNavigate } from '@tanstack/react-router';
import { useText } from '@/text/index.ts';
import { Empty } from '@/ui/states.tsx';

export function NotFound() {
  const { t } = useText();
  const navigate = useNavigate();
  return (
    <Empty
      kind="nothing"
      title={t('state.notFound')}
      detail={t('state.notFoundDetail')}
      action={{ label: t('state.toDesk'), run: () => void navigate({ to: '/' }) }}
    />
  );
}
