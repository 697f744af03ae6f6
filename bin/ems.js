#!/usr/bin/env node
import module from 'node:module';

// From Node.js 22 on, a command starts with the compiled code of the one before.
module.enableCompileCache?.();
await import('../dist/src/cli/main.js');
