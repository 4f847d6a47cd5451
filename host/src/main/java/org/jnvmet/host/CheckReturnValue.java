package org.jnvmet.host;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Results of the annotated type's methods may not be ignored; the compiler plug-in knows the
 * annotation by its simple name. So a failing status cannot be lost by forgetting to look.
 */
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface CheckReturnValue {}
