-- No index. The first statement of a transaction: all pages of an export see the same data.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
