-- Hash partitions on an enum: the hash depends on oids, so that a row may belong into another leaf after a restore.
create type public.mood as enum ('sad', 'ok', 'happy');
alter type public.mood add value 'elated' after 'happy';
alter type public.mood add value 'bored' before 'ok';
create table public.feeling (id int not null, mood public.mood not null, said text, primary key (id, mood)) partition by hash (mood);
create table public.feeling_0 partition of public.feeling for values with (modulus 4, remainder 0);
create table public.feeling_1 partition of public.feeling for values with (modulus 4, remainder 1);
create table public.feeling_2 partition of public.feeling for values with (modulus 4, remainder 2) partition by hash (id, mood);
create table public.feeling_2_0 partition of public.feeling_2 for values with (modulus 2, remainder 0);
create table public.feeling_2_1 partition of public.feeling_2 for values with (modulus 2, remainder 1);
create table public.feeling_3 partition of public.feeling for values with (modulus 4, remainder 3);
insert into public.feeling select n, (enum_range(null::public.mood))[1 + n % 5], repeat('x', n % 40) from generate_series(1, 5000) n;
update public.feeling set mood = 'elated' where id % 31 = 0;
delete from public.feeling where id % 13 = 0;
-- A neighbour whose hash does not depend on oids stays an ordinary, ordered table.
create table public.plain_hash (id int primary key, v text) partition by hash (id);
create table public.plain_hash_0 partition of public.plain_hash for values with (modulus 2, remainder 0);
create table public.plain_hash_1 partition of public.plain_hash for values with (modulus 2, remainder 1);
insert into public.plain_hash select n, md5(n::text) from generate_series(1, 500) n;
create table public.list_mood (mood public.mood, n int) partition by list (mood);
create table public.list_mood_sad partition of public.list_mood for values in ('sad', 'bored');
create table public.list_mood_rest partition of public.list_mood default;
insert into public.list_mood select (enum_range(null::public.mood))[1 + n % 5], n from generate_series(1, 200) n;
