// Keeps the admin's sidebar shut, until somebody opens it, where tables need the width.
"use strict";

if (localStorage.getItem("django.admin.navSidebarIsOpen") === null && innerWidth < 1600) {
  localStorage.setItem("django.admin.navSidebarIsOpen", "false");
}
