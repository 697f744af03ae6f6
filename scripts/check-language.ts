/** Refuses the words that stand in for the one who acts. */
import { spawnSync } from 'node:child_process';

const WORDS = 'nobody|somebody|anybody|whoever';
const PLACES = [
  ...['src', 'test', 'docs', 'templates', 'deploy', 'examples', 'scripts', 'bench'],
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...['docker-compose.yml', 'ems.config.yaml', 'Dockerfile'],
  // Results are what a former run wrote; this file names the words.
  ...[':!bench/results', ':!scripts/check-language.ts'],
];

const args = ['grep', '--untracked', '-inwE', WORDS, '--', ...PLACES];
const { stdout, stderr, status } = spawnSync('git', args, { encoding: 'utf8' });
// `git grep` exits 1 where it finds nothing.
if (status !== 0 && status !== 1) throw new Error(`git grep failed: ${stderr}`);
if (stdout) {
  console.error(`${stdout}These lines say ${WORDS.replaceAll('|', ', ')}: name the one who acts.`);
  process.exitCode = 1;
}
