-- The daemon's catalog, in a database of its own beside the tenants'.
create database holdfast;
