--- the plain attacks
;
-- nothing but a comment
/* nor here */
;;;
/* SELECT 1 */
/* /* nested */ */ ;
-- SELECT 1
