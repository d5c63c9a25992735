-- Properties of the database itself and of roles in it.
create schema app;
create table app.t (id int);
insert into app.t values (1);
select format(statement, current_database()) from (values
  (1, 'alter database %I owner to corner_owner'),
  (2, 'alter database %I set default_transaction_read_only = on'),
  (3, 'alter database %I set search_path = app, "$user", public'),
  (4, 'alter database %I set work_mem = ''5MB'''),
  (5, 'alter database %I set timezone = ''Asia/Dubai'''),
  (6, 'alter database %I set datestyle = ''SQL, DMY'''),
  (7, 'alter database %I set statement_timeout = ''7s'''),
  (8, 'alter database %I set lock_timeout = ''3s'''),
  (9, 'alter database %I set bytea_output = ''escape'''),
  (10, 'alter database %I set extra_float_digits = -2'),
  (11, 'alter database %I set app.tenant = ''Łódź "quoted" ''''x'''''''),
  (12, 'alter database %I set row_security = off'),
  (13, 'alter database %I set intervalstyle = iso_8601'),
  (15, 'alter role corner_owner in database %I set search_path = nowhere'),
  (16, 'alter role corner_reader in database %I set app.mode = ''reader'''),
  (17, 'alter role "Corner Rôle ""ü""" in database %I set work_mem = ''6MB'''),
  (18, 'revoke connect, temporary on database %I from public'),
  (19, 'grant connect on database %I to corner_owner, corner_reader'),
  (20, 'grant create, temporary on database %I to corner_group with grant option'),
  (21, 'comment on database %I is ''closed to the public'''),
  (22, 'alter database %I connection limit 11')
) as wanted (place, statement) order by place \gexec
comment on schema public is null;
