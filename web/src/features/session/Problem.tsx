import type { ReactNode } from 'react';
import { Shape } from '@/ui/Severity.tsx';

export function Problem({ children }: { children: ReactNode }) {
  return (
    <div className="problem" role="alert">
      <Shape level="critical" />
      <span>{children}</span>
    </div>
  );
}
