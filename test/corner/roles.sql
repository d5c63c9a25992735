-- The roles that the cases need; safe to run again, always in a UTF-8 database. None of them can log in with a password.
select format('create role %I %s', name, attributes) from (values
  ('corner_owner', 'login'),
  ('corner_reader', 'nologin'),
  ('corner_group', 'nologin'),
  ('corner_admin', 'login createrole connection limit 7'),
  ('corner_security', 'nologin'),
  ('corner_tenant_a', 'login'),
  ('corner_tenant_b', 'login'),
  ('Corner Rôle "ü"', 'nologin')) as wanted (name, attributes)
  where not exists (select from pg_roles where rolname = name) \gexec
grant corner_group to corner_owner;
grant corner_reader to corner_group with admin option;
grant "Corner Rôle ""ü""" to corner_owner;
comment on role corner_group is 'They read, and say so; it''s agreed';
alter role corner_admin set work_mem = '7MB';
