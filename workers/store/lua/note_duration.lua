-- Keep how long an attempt took that ended without an answer: a limit cut it off, so that it is known to have needed more.
-- history name, duration (workers/store/durations.py).
remember_duration(ARGV[FIRST], ARGV[FIRST + 1])
return 'ok'
